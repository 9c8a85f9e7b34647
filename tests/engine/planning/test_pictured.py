"""Renders in place of photos: at planned views, or at cameras without photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.cache.step import Steps
from ludvig_engine.cache.store import Cache
from ludvig_engine.features import load_extractor
from ludvig_engine.io.photos import file_size, photo_point, read_photo
from ludvig_engine.pipeline import prepare
from ludvig_engine.planning import pictured as module
from ludvig_engine.planning.pictured import PICTURE, pictured
from ludvig_engine.scene import Scene
from shells import ball, joined


@pytest.fixture(scope="module")
def bare():
    gaussians = joined(ball(500), ball(300, 0.5, (2, 0, 0)))
    return Scene(gaussians, np.arange(len(gaussians)), len(gaussians))


@pytest.fixture(scope="module")
def scene(bare):
    return pictured(bare, Steps(None), max_size=64)


def test_planned_views_are_named_and_noted(scene):
    assert [view.name for view in scene.views][:2] == ["view_01", "view_02"]
    assert f"{len(scene.views)} views" in scene.notes[-1]
    assert all(view.pictured and view.photo is None for view in scene.views)


@pytest.mark.parametrize("max_size", [None, 40, 5000])
def test_prompts_count_in_the_same_pixels_at_any_size(bare, scene, max_size):
    other = pictured(bare, Steps(None), max_size=max_size)
    one, two = scene.views[0], other.views[0]
    assert file_size(one) == file_size(two) == PICTURE
    assert two.camera.width == min(max_size or PICTURE[0], PICTURE[0])
    x, y = photo_point(one, 511.5, 383.5)
    assert (x / one.camera.width, y / one.camera.height) == pytest.approx((0.5, 0.5))
    assert np.allclose(one.camera.viewmat, two.camera.viewmat)


def test_a_render_is_what_the_engine_draws(scene):
    from ludvig_engine.pictures.draw import rgb

    view = scene.views[3]
    expected = rgb(scene.gaussians, view.camera, raster=scene.raster)
    assert np.allclose(read_photo(view).pixels, expected, atol=1e-6)


def test_features_come_from_renders_and_are_kept(scene, tmp_path):
    cache = Cache(tmp_path)
    first = prepare(scene, load_extractor("colour"), cache=cache)
    assert first.uplifted.seen.mean() > 0.95

    class Unused:
        name = "colour"
        key = load_extractor("colour").key
        licence = ""
        parallel = True

        def __call__(self, photo):
            raise AssertionError("The maps are not from the cache.")

    again = prepare(scene, Unused(), cache=cache)
    assert np.array_equal(first.uplifted.features, again.uplifted.features)


def test_other_splats_have_other_renders(scene):
    brighter = replace(scene.gaussians, sh0=scene.gaussians.sh0 + 1)
    other = pictured(replace(scene, gaussians=brighter, views=()), Steps(None), max_size=64)
    keys = [one.views[0].render.key() for one in (scene, other)]
    assert keys[0] != keys[1]


def test_a_plan_is_made_once(bare, tmp_path, monkeypatch):
    steps = Steps(Cache(tmp_path))
    first = pictured(bare, steps)
    monkeypatch.setattr(module, "plan", None)
    again = pictured(bare, steps)
    assert [view.name for view in first.views] == [view.name for view in again.views]
    assert first.notes == again.notes


def test_cameras_without_photos_are_rendered_at(scene):
    views = tuple(replace(view, render=None) for view in scene.views[:3])
    found = pictured(replace(scene, views=views, notes=()), Steps(None))
    assert len(found.views) == 3
    assert all(view.pictured for view in found.views)
    assert "3 cameras" in found.notes[0]


def test_a_scene_with_a_photo_stays_as_it_is(scene, tmp_path):
    one, *rest = (replace(view, render=None) for view in scene.views)
    mixed = replace(scene, views=(replace(one, photo=tmp_path / "a.png"), *rest))
    assert pictured(mixed, Steps(None)) is mixed
