"""Features in colors: equal features have equal colors, wherever they come from."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.pictures import feature_sheet
from ludvig_engine.pictures.palette import GRAY, Palette, pca_colors
from ludvig_engine.uplifting import Sight, Uplifted, uplift

RNG = np.random.default_rng(5)
CLOUD, NAMES = small_scene.gaussians()
CAMERAS = small_scene.cameras()


def uplifted(features, weights=None):
    one = np.ones(len(features), np.float32)
    return Uplifted(features.astype(np.float32), one if weights is None else weights, one)


def test_equal_features_have_equal_colors_in_2_d_and_3_d():
    features = RNG.normal(size=(200, 7)).astype(np.float32)
    palette = Palette.of(uplifted(features))
    cells = features[:60].T.reshape(7, 6, 10)
    np.testing.assert_allclose(
        palette(cells).reshape(60, 3), pca_colors(uplifted(features))[:60], atol=1e-6
    )


def test_the_basis_is_that_of_the_gaussians_and_not_of_the_picture():
    features = RNG.normal(size=(200, 7)).astype(np.float32)
    palette = Palette.of(uplifted(features))
    cells = RNG.normal(size=(7, 4, 5)).astype(np.float32)
    part = palette(cells)[:2, :3]
    np.testing.assert_allclose(palette(cells[:, :2, :3]), part, atol=1e-6)
    assert 0 <= part.min() and part.max() <= 1


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_few_channels_leave_the_others_gray(channels):
    features = RNG.normal(size=(50, channels)).astype(np.float32)
    colors = Palette.of(uplifted(features))(features.T[:, :, None])
    assert colors.shape == (50, 1, 3) and (colors[..., channels:] == GRAY).all()
    assert all(colors[..., c].std() > 0.1 for c in range(channels))


def test_what_no_photo_sees_is_gray_and_so_is_a_scene_that_none_sees():
    features = RNG.normal(size=(50, 4)).astype(np.float32)
    weights = np.ones(50, np.float32)
    weights[:9] = 0
    assert (pca_colors(uplifted(features, weights))[:9] == GRAY).all()
    unseen = uplifted(features, np.zeros(50, np.float32))
    assert Palette.of(unseen) is None and (pca_colors(unseen) == GRAY).all()
    pair = feature_sheet.features(
        "x", np.zeros((4, 3, 5)), unseen, CLOUD.take(np.arange(50)), CAMERAS[0], palette=None
    )
    assert (pair.flat == GRAY).all() and (pair.deep == GRAY).all()
    assert pair.flat.shape == (3, 5, 3) and pair.deep.shape == (90, 120, 3)


def test_a_constant_map_renders_back_constant():
    """Uplifting and rendering are means, so a constant survives there and back."""
    constant = np.broadcast_to(np.array([0.3, -2, 5], np.float32)[:, None, None], (3, 6, 8))
    found = uplift(CLOUD, [Sight(camera, constant) for camera in CAMERAS])
    varied = uplifted(RNG.normal(size=(len(CLOUD), 3)))
    palette = Palette.of(varied)
    pair = feature_sheet.features("x", constant, found, CLOUD, CAMERAS[0], palette=palette)
    shown = (pair.deep != GRAY).any(2)
    assert shown.mean() > 0.5
    np.testing.assert_allclose(
        pair.deep[shown], np.broadcast_to(pair.flat[0, 0], (1, 3)).repeat(shown.sum(), 0), atol=2e-3
    )


def test_a_sheet_is_one_row_of_one_pair_and_two_of_several():
    photo = np.full((90, 120, 3), 0.5)
    one = feature_sheet.Pair("a", RNG.uniform(size=(3, 4, 3)), photo)
    single = feature_sheet.feature_sheet(photo, photo, [one])
    double = feature_sheet.feature_sheet(photo, photo, [one, one])
    assert single.width == double.width == 3 * 366 + 6
    assert single.height == 30 + 270 + 6 and double.height == 2 * single.height


def test_cells_of_a_map_cover_the_photo():
    """Each is as large as its share, the first at the upper left."""
    cells = np.zeros((2, 2, 3))
    cells[0, 0] = 1
    sheet = feature_sheet.feature_sheet(
        np.zeros((90, 120, 3)), np.zeros((90, 120, 3)),
        [feature_sheet.Pair("a", cells, np.zeros((90, 120, 3)))],
    )  # fmt: skip
    flat = np.asarray(sheet.convert("L"))[30 : 30 + 270, 372 : 372 + 360]
    # The edges are blurred by enlarging.
    assert (flat[:120, :165] > 250).all()
    assert (flat[150:] < 5).all() and (flat[:, 195:] < 5).all()


def test_relevancy_is_dark_where_a_negative_fits_as_well():
    scores = np.where(NAMES == "red", 0.8, 0.4).astype(np.float32)
    cells = np.array([[0.5, 0.8], [0.1, 0.65]], np.float32)
    pair = feature_sheet.relevancy('"ball"', cells, scores, CLOUD, CAMERAS[0])
    assert pair.name == '"ball", 0.5 to 0.80'
    brightness = pair.flat.sum(2)
    assert brightness[0, 0] == brightness[1, 0] < brightness[1, 1] < brightness[0, 1]
    x, y = small_scene.center_of("red", 0)
    np.testing.assert_allclose(pair.deep[y, x], pair.flat[0, 1], atol=0.02)
    nothing = feature_sheet.relevancy("x", cells * 0, scores * 0, CLOUD, CAMERAS[0])
    assert nothing.deep.sum(2).max() == pytest.approx(brightness[0, 0])
