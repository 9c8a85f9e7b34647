"""A mask labels the nested groups that it shows, and through them what it does not show."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import small_scene
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation.labeling import clearly, completed, labeled
from ludvig_engine.segmentation.nesting import Nesting
from ludvig_engine.segmentation.painting import surface
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS


def chain(distances):
    """The nested groups of superpoints in a row, of which each touches the next."""
    count = len(distances) + 1
    rows = np.arange(count - 1)

    def both(values):
        one = csr_matrix((np.asarray(values, float), (rows, rows + 1)), shape=(count, count))
        return (one + one.T).tocsr()

    sizes = np.full(count, 10.0)
    return Nesting.of(both(distances), both(np.ones(count - 1)), sizes, sizes, compact=0.3)


def seen(count, **known):
    """Clear Gaussians of each superpoint: all others are not seen."""
    values = np.zeros(count, np.float32)
    for name, value in known.items():
        values[int(name[1:])] = value
    return values


# Two things of four superpoints, and one more that is far from both.
TWO = chain([0.1, 0.1, 0.1, 5.0, 0.1, 0.1, 0.1, 20.0])


@pytest.mark.parametrize("at", range(4))
def test_what_is_not_seen_follows_the_group_that_is(at):
    likely = labeled(TWO, seen(9, **{f"_{at}": 10}), seen(9, _5=10), settings=DEFAULT_SETTINGS)
    assert (likely[:4] > 0.9).all() and (likely[4:8] < 0.1).all()


def test_what_nothing_is_known_of_is_not_the_object():
    likely = labeled(TWO, seen(9, _1=10), seen(9), settings=DEFAULT_SETTINGS)
    assert (likely[:4] > 0.9).all() and (likely[4:] <= 0.5).all()


def test_a_border_through_a_group_divides_it():
    inside, outside = seen(9, _0=10, _1=10), seen(9, _2=10, _3=10, _5=10)
    likely = labeled(TWO, inside, outside, settings=DEFAULT_SETTINGS)
    assert (likely[:2] > 0.9).all() and (likely[2:8] < 0.1).all()


def test_a_few_wrong_pixels_do_not_divide_a_group():
    inside, outside = seen(9, _0=10, _1=10, _3=10), seen(9, _2=1, _5=10)
    likely = labeled(TWO, inside, outside, settings=DEFAULT_SETTINGS)
    assert (likely[:4] > 0.9).all()
    outside[2] = 10
    likely = labeled(TWO, inside, outside, settings=DEFAULT_SETTINGS)
    assert likely[2] < 0.1 and (likely[[0, 1, 3]] > 0.9).all()


def test_the_most_that_merges_cost_tells_things_from_parts():
    known = seen(9, _0=10), seen(9)
    together = labeled(TWO, *known, settings=replace(DEFAULT_SETTINGS, border=1e6))
    assert (together[:8] > 0.9).all()
    apart = labeled(TWO, *known, settings=replace(DEFAULT_SETTINGS, border=1e-6))
    assert apart[0] > 0.9 and (apart[1:] < 0.5).all()


def test_one_superpoint_and_none_that_touch():
    alone = Nesting.of(csr_matrix((1, 1)), csr_matrix((1, 1)), np.ones(1), np.ones(1), compact=0.3)
    for inside, outside in ((3.0, 0.0), (0.0, 3.0)):
        values = np.array([inside]), np.array([outside])
        (likely,) = labeled(alone, *values, settings=DEFAULT_SETTINGS)
        assert (likely > 0.5) == (inside > outside)


def test_evidence_of_any_amount_stays_a_likelihood():
    many = np.full(9, 1e6, np.float32)
    likely = labeled(TWO, many, many[::-1] * 0.5, settings=DEFAULT_SETTINGS)
    assert np.isfinite(likely).all() and likely.min() >= 0 and likely.max() <= 1


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
