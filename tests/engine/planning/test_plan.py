"""Views planned from splats alone: they see nearly everything, and stand in nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.planning import candidates, choose
from ludvig_engine.planning.bounds import bounds
from ludvig_engine.planning.plan import Plan, plan
from ludvig_engine.planning.sightings import sightings
from shells import ball, box, joined, room, surface

# Independent views, which no plan knows of.
LOOKS = 60


def leaf():
    """One flat disk."""
    return surface(np.zeros((1, 3)), np.array([[0.3, 0.5, 0.8]]), 0.2)


SCENES = {
    "ball": (ball, False),
    "small ball far away": (lambda: ball(600, 0.003, (4, 5, -6)), False),
    "two balls": (lambda: joined(ball(700), ball(700, 0.6, (2.5, 0, 0))), False),
    "closed box": (box, False),
    "room": (room, True),
}


@pytest.fixture(scope="module", params=SCENES)
def planned(request):
    make, inside = SCENES[request.param]
    gaussians = make()
    return gaussians, plan(gaussians), inside


def looks(gaussians, inside):
    """Random cameras around or within a scene."""
    rng = np.random.default_rng(7)
    whole = bounds(gaussians)
    for _ in range(LOOKS):
        along = rng.normal(size=3)
        along /= np.linalg.norm(along)
        if inside:
            place = whole.center + rng.uniform(-0.15, 0.15, 3) * whole.radius
            yield candidates.looking(place, along, candidates.WITHIN_FOV)
        else:
            place = whole.center - along * whole.radius * rng.uniform(1.2, 2.5)
            yield candidates.looking(place, along, candidates.AROUND_FOV)


def test_it_decides_where_to_look_from(planned):
    _, found, inside = planned
    assert found.inside == inside


def test_what_other_views_see_is_seen_by_three(planned):
    gaussians, found, inside = planned
    own = sightings(gaussians, found.cameras, 1e-6)
    others = sightings(gaussians, list(looks(gaussians, inside)), 1e-6)
    best = np.maximum(own.shares.max(0), others.shares.max(0))
    times = (own.shares >= choose.PART * best).sum(0)
    evidence = others.weights.sum(0)
    # The plan promises 0.99 of what its own candidates see.
    assert evidence[times >= 3].sum() >= 0.97 * evidence.sum()
    assert found.covered >= 0.99


def test_no_view_is_in_a_surface_or_behind_a_wall(planned):
    gaussians, found, inside = planned
    radius = bounds(gaussians).radius
    share = candidates.WITHIN_NEAREST if inside else candidates.AROUND_NEAREST
    assert sightings(gaussians, found.cameras, share * radius).clear.all()


def test_the_number_of_views_is_bounded(planned):
    _, found, _ = planned
    assert choose.LEAST <= len(found.cameras) <= choose.MOST


@pytest.mark.parametrize("planned", ["ball", "room"], indirect=True, scope="module")
def test_the_same_splats_give_the_same_plan(planned):
    """From around, and from within."""
    gaussians, found, _ = planned
    again = plan(gaussians)
    assert [c.viewmat.tolist() for c in again.cameras] == [
        c.viewmat.tolist() for c in found.cameras
    ]


def test_a_plan_survives_the_cache(planned):
    _, found, _ = planned
    back = Plan.unpacked(found.packed())
    assert (back.inside, back.covered) == (found.inside, found.covered)
    for one, other in zip(back.cameras, found.cameras, strict=True):
        assert np.array_equal(one.viewmat, other.viewmat)
        assert np.array_equal(one.K, other.K)


@pytest.mark.parametrize("count", [1, 50])
def test_splats_in_one_place_are_looked_at(count):
    gaussians = joined(*[leaf()] * count)
    found = plan(gaussians)
    assert not found.inside
    assert (sightings(gaussians, found.cameras, 1e-6).weights.sum(1) > 10).all()


def test_splats_that_nobody_sees_are_refused():
    invisible = replace(leaf(), opacities=np.zeros(1, np.float32))
    with pytest.raises(EngineError, match=r"Nothing can be seen of the splats \(1\)") as caught:
        plan(invisible)
    assert caught.value.kind == "bad_input"


def test_fog_is_looked_at_from_where_there_is_some():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(400, 3)) * 3
    fog = surface(points, rng.normal(size=(400, 3)), 1.5, opacity=0.2)
    assert len(plan(fog).cameras) >= choose.LEAST
