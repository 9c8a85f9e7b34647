"""The film of a diffusion: one color scale, every step, and pictures of the right size."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import small_scene
from ludvig_engine.pictures import draw, film
from ludvig_engine.pictures.grid import CAPTION, GAP, grid
from ludvig_engine.segmentation import painting

CLOUD, NAMES = small_scene.gaussians()
CAMERA = small_scene.cameras()[0]
COLORS = draw.rgb(CLOUD, CAMERA)
RED = NAMES == "red"


def states(*values):
    """Values on the red ball at several times, a tenth of them elsewhere."""
    return np.stack([np.where(RED, v, v / 10) for v in values], 1).astype(np.float32)


def test_the_color_scale_is_logarithmic_and_has_ends():
    found = film.level(np.array([[1, 0.1, 0.01, 0.001, 0, 7]]))
    np.testing.assert_allclose(found, [[1, 2 / 3, 1 / 3, 0, 0, 1]], atol=1e-6)


def test_all_steps_share_one_scale_of_shares_of_the_largest():
    pictures = film.exposures(CLOUD, CAMERA, states(1, 0.02, 3e-4), COLORS)
    assert pictures.shape == (3, 90, 120, 3) and 0 <= pictures.min() and pictures.max() <= 1
    for later in pictures[1:]:
        np.testing.assert_allclose(later, pictures[0], atol=2e-3)
    x, y = small_scene.center_of("red", 0)
    assert pictures[0, y, x].sum() > pictures[0, 80, 10].sum()


def test_nothing_is_the_dark_scene():
    (picture,) = film.exposures(CLOUD, CAMERA, np.zeros((len(CLOUD), 1), np.float32), COLORS)
    assert picture.max() <= film.DIM + 1e-6 and np.ptp(picture, axis=2).max() < 1e-6


def test_a_strip_has_a_picture_per_step_of_each_film():
    photo = np.zeros((90, 120, 3))
    pictures = np.zeros((len(film.TIMES), 90, 120, 3), np.float32)
    one = film.strip(photo, {"foreground": pictures}, film.TIMES)
    two = film.strip(photo, {"foreground": pictures, "background": pictures}, film.TIMES)
    height = film.WIDTH * 3 // 4
    assert one.size == (film.ROW * (film.WIDTH + GAP) + GAP, 2 * (CAPTION + height + GAP))
    assert two.size == (one.width, 2 * one.height)
    assert set(film.TIMES) <= set(film.MOMENTS) and film.TIMES[0] == film.MOMENTS[0] == 0


@pytest.mark.parametrize("names", [["foreground"], ["foreground", "background"]])
def test_an_animated_picture_has_a_frame_per_step(names, tmp_path):
    reached = np.stack([RED, NAMES != "ground", NAMES != ""], 1).astype(np.float32)
    made = film.exposures(CLOUD, CAMERA, reached, COLORS)
    frames = film.animated(dict.fromkeys(names, made), (0, 1, 5))
    path = film.save_animated(tmp_path / "new" / "a.gif", frames)
    assert [one.name for one in path.parent.iterdir()] == ["a.gif"]
    times = []
    with Image.open(path) as found:
        assert found.n_frames == 3 and found.info["loop"] == 0
        assert found.size == (len(names) * 366 + 6, 30 + 270 + 6)
        for n, frame in enumerate(frames):
            found.seek(n)
            times.append(found.info["duration"])
            shown = np.asarray(found.convert("RGB"), float)
            assert np.abs(shown - np.asarray(frame, float)).mean() < 4
    assert times == [1500, 350, 1500]


def test_prompts_are_drawn_in_their_own_view_alone():
    picture = np.full((90, 120, 3), 0.5, np.float32)
    paints = [painting.click(CAMERA, 30, 40), painting.click(CAMERA, 90, 60, positive=False)]
    drawn = film.prompted(picture, CAMERA, paints)
    assert drawn[40, 30].argmax() == 1 and drawn[60, 90].argmax() == 0
    changed = (drawn != picture).any(2).mean()
    assert 0 < changed < 0.02
    np.testing.assert_array_equal(film.prompted(picture, small_scene.cameras()[1], paints), picture)


def test_long_captions_are_not_cut():
    picture = Image.new("RGB", (100, 20), "white")
    for text in ("short", "a caption of some length that is", "x" * 400):
        sheet = np.asarray(grid([[(text, picture)]], width=100).convert("L"))
        assert sheet[:CAPTION].min() < 128
        assert (sheet[:, : GAP - 2] > 250).all() and (sheet[:, -GAP + 2 :] > 250).all()


def test_captions_are_not_repeated_below_themselves():
    row = [("a", Image.new("RGB", (10, 10))), ("b", Image.new("RGB", (10, 10)))]
    assert grid([row, row], width=10).height == CAPTION + 2 * (10 + GAP)
    assert grid([row, row[::-1]], width=10).height == 2 * (CAPTION + 10 + GAP)
