"""The demo's scene is whole and small enough to ship.

Its splats fit the photos, its masks are exact, and its clicks are inside them.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo"
FOLDER = DEMO / "scene"
OBJECTS = json.loads((FOLDER / "scene.json").read_text())["objects"]


@pytest.fixture(scope="module")
def check():
    sys.path.insert(0, str(DEMO))
    try:
        import check
    finally:
        sys.path.remove(str(DEMO))
    return check


@pytest.fixture(scope="module")
def scene(check):
    return check.open_scene(FOLDER)


def masks(check, scene, name):
    return check.masks_of(FOLDER, name, scene)


def test_everything_is_there(check, scene):
    assert 55_000 < len(scene) < 65_000 and scene.notes == ()
    assert len(scene.views) == 24 and all(
        view.photo and view.photo_size == (960, 640) for view in scene.views
    )
    assert len({o["name"] for o in OBJECTS}) == len(OBJECTS) == 7
    for thing in OBJECTS:
        m = masks(check, scene, thing["name"])
        assert m.dtype == bool and m.shape == (24, 640, 960) and m.any((1, 2)).sum() >= 18
    assert sum(path.stat().st_size for path in FOLDER.rglob("*")) < 12e6


def test_no_pixel_is_of_two_things(check, scene):
    assert sum(masks(check, scene, thing["name"]).astype(int) for thing in OBJECTS).max() == 1


def test_clicks_are_inside_their_things(check, scene):
    names = [view.name for view in scene.views]
    for thing in OBJECTS:
        mask = masks(check, scene, thing["name"])[names.index(thing["view"])]
        (x, y), (other_x, other_y) = thing["click"], thing["negative"]
        assert mask[y - 4 : y + 5, x - 4 : x + 5].all(), thing["name"]
        assert not mask[other_y - 4 : other_y + 5, other_x - 4 : other_x + 5].any(), thing["name"]


def test_splats_fit_the_photos(check, scene):
    found = check.psnrs(scene)
    assert found.mean() > 25 and found.min() > 23


def test_masks_survive_lifting(check, scene):
    """Of every second photo."""
    some = replace(scene, views=scene.views[::2])
    names = [thing["name"] for thing in OBJECTS]
    found = np.nanmean(check.ceilings(FOLDER, some, names), 1)
    assert found.mean() > 0.94 and found.min() > 0.88, dict(zip(names, found, strict=True))
