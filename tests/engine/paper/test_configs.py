"""The paper's experiments, and where its published code differs.

Each switch changes what it says and no more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.features.colour import Colour
from ludvig_engine.features.pyramid import Scale, scales
from ludvig_engine.io.load import load_scene
from ludvig_engine.paper.configs import CONFIGS, Foreground, Masks, Words, config, released
from ludvig_engine.paper.cuts import to_unit_range
from ludvig_engine.paper.one_view import find_foreground, picture, prepare_pruned
from ludvig_engine.paper.released import ReleasedRecipe
from ludvig_engine.pipeline import Recipe, lifted_features
from ludvig_engine.rendering import render
from ludvig_engine.segmentation import painting


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    return scene, scene.from_file(np.load(folder / "names.npy")) == "red"


def shown(scene, rows, view):
    return (
        render(scene.gaussians, scene.views[view].camera, rows.astype(np.float32)[:, None])[0][0]
        > 0.5
    )


def test_all_experiments_are_there():
    names = {"dif_NVOS", "dif_SPIn", "xdif_SPIn", "sam_NVOS", "sam_SPIn", "sam2_NVOS", "sam2_SPIn"}
    assert set(CONFIGS) == names | {"lerf", "lerf_no_diffusion", "lerf_sam", "removal"}
    xdif = config("xdif_SPIn")
    assert (xdif.unary, xdif.C, xdif.keep, xdif.recipe.weighted) == ("pixels", 0.1, 600_000, True)
    assert (config("sam2_NVOS").segmenter, config("sam2_NVOS").cut) == ("sam2:large", "li")
    # The reference mask of NVOS is drawn by the largest SAM, as the masks of the rows "SAM".
    assert config("dif_NVOS").segmenter == config("sam_NVOS").segmenter == "sam:huge"
    assert config("dif_SPIn").segmenter == ""


@pytest.mark.parametrize("name", CONFIGS)
def test_released_changes_what_it_says_and_no_more(name):
    paper, theirs = config(name), config(f"{name}:released")
    if isinstance(paper, Masks):
        assert theirs == paper
        return
    assert theirs.recipe == ReleasedRecipe.of(paper.recipe) != paper.recipe
    assert theirs.extractor.removesuffix("released").rstrip(":,") == paper.extractor
    back = replace(theirs, recipe=paper.recipe, extractor=paper.extractor)
    if isinstance(paper, Foreground):
        assert theirs.release_cut and replace(back, release_cut=False) == paper
    else:
        assert isinstance(paper, Words) and theirs.text == f"{paper.text},stretched"
        assert replace(back, text=paper.text) == paper
    assert released(theirs).recipe == theirs.recipe


def test_unknown_variants():
    with pytest.raises(EngineError, match='dif_SPIn has no variant "fast"'):
        config("dif_SPIn:fast")


def test_release_scale_divides_features_by_their_number(made):
    scene, _ = made
    ours = lifted_features(scene, Colour(), recipe=Recipe(components=7))
    theirs = lifted_features(scene, Colour(), recipe=ReleasedRecipe(components=7))
    np.testing.assert_allclose(theirs.features, ours.features / 7, rtol=1e-6)
    np.testing.assert_array_equal(theirs.weights, ours.weights)


@pytest.mark.parametrize(("tile", "most"), [(36, 42), (145, 83), (200, 94), (364, 182)])
def test_stretched_misplaces_tiles_by_what_was_measured(tile, most):
    """At a height of 728 pixels; by true position the error is none."""
    scale = next(scale for scale in scales(728) if scale.tile == tile)
    count, pixels = scale.count(728), np.arange(0, 728, 0.25)
    at = {
        stretched: np.interp(np.arange(count), where(scale, pixels, count, stretched), pixels)
        for stretched in (0, 1)
    }
    true = np.minimum(np.arange(count) * scale.stride, pixels[-1])
    assert np.abs(at[1] - true).max() == pytest.approx(most, abs=1.5)
    assert np.abs(at[0] - true).max() <= 1


def where(scale: Scale, pixels, count, stretched):
    return scale.stretched(pixels, count, 728) if stretched else scale.index(pixels)


def test_xdif_is_a_regression_of_pixels(made):
    scene, red = made
    settings = replace(config("xdif_SPIn"), recipe=Recipe(weighted=True))
    prepared, _ = prepare_pruned(scene, Colour(), settings)
    paint = painting.mask(scene.views[0].camera, shown(scene, red, 0))
    found = find_foreground(prepared, paint, settings)
    looks = [
        picture(prepared.gaussians, found, view.camera, raster=prepared.raster)
        for view in scene.views
    ]
    overlaps = [iou(look, shown(scene, red, n)) for n, look in enumerate(looks)]
    assert overlaps[0] == pytest.approx(found.agreement, abs=1e-6) and min(overlaps) > 0.85
    assert iou(found.segment.selected, red) > 0.7, "and the splats it means"
    # A logit drawn is the regression of features drawn.
    logits, offset = found.logits
    image = render(prepared.gaussians, scene.views[3].camera, logits[:, None])[0][0] + offset
    np.testing.assert_array_equal(to_unit_range(1 / (1 + np.exp(-image))) > found.cut, looks[3])
    with pytest.raises(EngineError, match="covers the whole picture"):
        find_foreground(
            prepared,
            replace(paint, negative=paint.negative),
            settings,
            reference=np.ones_like(looks[0]),
        )


def iou(a, b):
    return (a & b).sum() / (a | b).sum()
