"""Floaters: what is in the air is found, what is on a surface is not, and what lacks is refused."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.removal import floaters, missed, witnesses
from ludvig_engine.scene import Gaussians
from scenes import joined


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    place = small_scene.write(tmp_path_factory.mktemp("data") / "balls")
    return load_scene(place / "splats.ply", views=place)


def with_some(scene, means, *, size=0.03, opacity=0.7, color=(0.9, 0.2, 0.9)):
    """The scene with Gaussians at its end that no photo shows."""
    means = np.atleast_2d(np.asarray(means, np.float32))
    n, f = len(means), np.float32
    more = Gaussians(
        means,
        np.tile(np.array([1, 0, 0, 0], f), (n, 1)),
        np.full((n, 3), size, f),
        np.full(n, opacity, f),
        np.broadcast_to(((np.array(color) - 0.5) / 0.28209479).astype(f), (n, 1, 3)).copy(),
        np.zeros((n, 0, 3), f),
    )
    total = len(scene) + n
    cloud = joined(scene.gaussians, more)
    return replace(scene, gaussians=cloud, rows=np.arange(total), file_count=total)


HIGH = [(0.5, 0.5, 1.0), (-1, 1, 1.2), (1.4, -0.6, 0.9)]  # above the balls, where nothing is
KINDS = {
    "specks": {"means": HIGH},
    "opaque specks": {"means": HIGH, "opacity": 0.99},
    "before a lens": {"means": [(2.9, 0.05, 1.5), (-2.9, 0.02, 1.52)], "size": 0.02},
    "haze": {"means": np.random.default_rng(3).uniform(-0.6, 0.6, (30, 3)) * (1, 1, 0.05)
             + (0, 0, 0.5), "size": 0.12, "opacity": 0.04},
    "far away": {"means": [(40, 3, 2), (-5, 60, 10), (3, -30, -20)], "size": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_floaters_of_every_kind_are_found(scene, kind):
    strewn = with_some(scene, **KINDS[kind])
    scores = floaters.find_floaters(strewn)
    found = floaters.chosen(scores)
    assert found[len(scene) :].mean() >= 0.9
    assert found[: len(scene)].sum() <= 2


def test_a_clean_scene_has_none(scene):
    assert floaters.chosen(floaters.find_floaters(scene)).sum() <= 2


def test_the_order_does_not_matter(scene):
    strewn = with_some(scene, HIGH)
    order = np.random.default_rng(0).permutation(len(strewn))
    moved = replace(strewn, gaussians=strewn.gaussians.take(order))
    found = floaters.find_floaters(strewn)[order]
    assert np.allclose(found, floaters.find_floaters(moved), atol=0.02)


def test_more_strength_chooses_more():
    scores = np.linspace(0, 1, 101).astype(np.float32)
    counts = [floaters.chosen(scores, s).sum() for s in (0, 0.25, 0.5, 0.75, 1)]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 100


def test_what_the_photos_miss_is_spared(scene):
    """A whole ball is deleted at once: photos show it, and do not show a speck."""
    strewn = with_some(scene, HIGH)
    inside = np.linalg.norm(strewn.gaussians.means - small_scene.BALLS["red"][0], axis=1) < 0.4
    inside &= strewn.gaussians.means[:, 2] > -0.2
    growth = missed.missed(strewn, inside | (np.arange(len(strewn)) >= len(scene)))
    assert growth[inside].max() > 0.01
    assert (growth[len(scene) :] < 0).all() and not growth[: len(scene)][~inside[:-3]].any()


def test_witnesses_by_hand(scene):
    # Faint, since the surface that a pixel shows is where most of its weight is.
    some = with_some(scene, [(0, 0, 0.4), (0, 0, -3), (0, 0, 200.0)], opacity=0.2)
    heard = witnesses.hear(some)
    above, below = (-3, -2)
    away = -1
    views = len(scene.views)
    assert heard.inside[above] == heard.front[above] == views
    # What is under the ground is in the pictures, but behind the surface.
    assert heard.front[below] == 0 and heard.weight[below] < 0.1
    assert heard.inside[away] == 0 and np.isinf(heard.near[away]) and heard.weight[away] == 0
    # A violet speck on gray, red, blue and green.
    assert heard.error[above] / heard.weight[above] > 0.1


def test_every_weight_has_evidence(scene):
    names = {field.name for field in fields(floaters.Weights)} - {"one"}
    parts = floaters.evidence(scene, witnesses.hear(scene))
    assert set(parts) == names
    assert all(np.isfinite(part).all() for part in parts.values())


def test_gaussians_in_one_place_and_without_size(scene):
    strewn = with_some(scene, [(0.2, 0.2, 1.0)] * 12, size=0.0)
    assert np.isfinite(floaters.find_floaters(strewn)).all()


def test_a_scene_without_photos_is_refused(scene):
    with pytest.raises(EngineError, match="no photos") as caught:
        floaters.find_floaters(replace(scene, views=()))
    assert caught.value.kind == "bad_input"


@pytest.mark.parametrize("count", [1, 8, 49])
def test_a_tiny_scene_is_refused(scene, count):
    tiny = replace(scene, gaussians=scene.gaussians.take(np.arange(count)))
    with pytest.raises(EngineError, match=f"{count} splats"):
        floaters.find_floaters(tiny)
