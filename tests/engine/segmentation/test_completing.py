"""Pictures of some of an object complete it, through the groups that they show."""

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.progress import SILENT
from ludvig_engine.segmentation.automatic import Hierarchy
from ludvig_engine.segmentation.completing import clearly, completed
from ludvig_engine.segmentation.painting import surface
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS


@pytest.fixture(scope="module")
def balls(tmp_path_factory):
    """The prepared scene of balls, and the Gaussians of each."""
    folder = small_scene.write(tmp_path_factory.mktemp("balls"))
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    names = np.load(folder / "names.npy")
    things = {name: scene.from_file(names == name) for name in small_scene.BALLS}
    return prepare(scene, load_extractor("colour")), things


def seen_from(prepared, view):
    camera = prepared.views[view].camera
    return clearly(surface(prepared.gaussians, camera), DEFAULT_SETTINGS)


def found(prepared, seen, share, bandwidth):
    share = share.astype(np.float32)
    return completed(prepared, seen, share, bandwidth=bandwidth, settings=DEFAULT_SETTINGS) > 0.5


@pytest.mark.parametrize("bandwidth", [None, 4.0])
@pytest.mark.parametrize("name", small_scene.BALLS)
def test_the_far_side_of_a_ball_belongs_to_its_near_side(balls, name, bandwidth):
    prepared, things = balls
    seen, ball = seen_from(prepared, 2), things[name]
    near = ball & (seen > 0.5)
    assert 0 < near.sum() < 0.8 * ball.sum()
    assert found(prepared, seen, near, bandwidth)[ball].mean() > 0.9


@pytest.mark.parametrize("bandwidth", [None, 4.0])
def test_what_was_taken_unseen_is_left_out(balls, bandwidth):
    prepared, things = balls
    seen = np.where(things["blue"], 0, seen_from(prepared, 2)).astype(np.float32)
    share = things["red"] | things["blue"]
    inside = found(prepared, seen, share, bandwidth)
    assert inside[things["red"]].mean() > 0.9 and inside[things["blue"]].mean() < 0.1


def test_nothing_that_is_seen_selects_nothing(balls):
    prepared, things = balls
    nothing = clearly(np.zeros(len(prepared.gaussians), np.float32), DEFAULT_SETTINGS)
    assert not nothing.any() and not found(prepared, nothing, things["red"], 4.0).any()


def test_a_surface_hides_what_lies_behind_it(balls):
    prepared, things = balls
    camera = prepared.views[2].camera
    weights = surface(prepared.gaussians, camera)
    for ball in things.values():
        depth = (prepared.gaussians.means @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3])[:, 2]
        middle = np.median(depth[ball])
        assert weights[ball & (depth < middle)].sum() > 5 * weights[ball & (depth > middle)].sum()


def divided_into(prepared, *segments):
    """The scene with these automatic segments; the other Gaussians are floaters."""
    leaves = np.full(len(prepared.gaussians), -1, np.int32)
    for number, segment in enumerate(segments):
        leaves[segment] = number
    merges = np.empty((0, 2), np.int32), np.empty(0, np.float32)
    segments = Hierarchy(leaves, *merges, np.zeros((len(segments), 1), np.float32))
    other = replace(prepared, _kept={})
    other.keep("hierarchy", lambda _: segments, SILENT)
    return other


def likely(prepared, seen, share):
    share = share.astype(np.float32)
    return completed(prepared, seen, share, bandwidth=None, settings=DEFAULT_SETTINGS)


def test_what_is_not_seen_also_follows_the_automatic_segments(balls):
    prepared, things = balls
    red, blue = things["red"], things["blue"]
    seen = np.where(blue, 0, seen_from(prepared, 2)).astype(np.float32)
    none = likely(divided_into(prepared), seen, red)
    own = likely(divided_into(prepared, red, blue), seen, red)
    one = likely(divided_into(prepared, red | blue), seen, red)
    assert one[blue].mean() > 0.5 > own[blue].mean()
    assert np.array_equal(own[~red & ~blue], none[~red & ~blue])


def test_segments_that_are_coarser_than_what_is_meant_say_nothing(balls):
    prepared, things = balls
    red, blue = things["red"], things["blue"]
    seen = seen_from(prepared, 2)
    none = likely(divided_into(prepared), seen, red)
    one = likely(divided_into(prepared, red | blue), seen, red)
    assert np.array_equal(one, none)
