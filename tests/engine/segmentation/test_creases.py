"""Creases: concave where things meet, convex within a thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.scene import Gaussians, View
from ludvig_engine.scene.raster import Raster
from ludvig_engine.segmentation import fronts
from ludvig_engine.segmentation.automatic import divided
from ludvig_engine.segmentation.creases import crease_factors
from ludvig_engine.segmentation.fronts import drawn, facing, reduced
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS
from planted_things import things_on_a_floor
from scenes import look_at

CONCAVE = 3.0


def sheets(rng, angle, count=1500):
    """Two flat halves that meet along the y axis, at an angle (degrees) between their upper sides.

    180 is flat; less is a valley for whoever looks from above, more is a ridge.
    """
    side = rng.uniform(0, 1, count)
    right = np.arange(count) % 2 == 0
    slope = np.radians(angle - 180) / 2  # of either half, downwards for a ridge
    x = np.where(right, side, -side) * np.cos(slope)
    means = np.stack([x, rng.uniform(-1, 1, count), -side * np.sin(slope)], 1)
    turn = np.where(right, slope, -slope) / 2  # half of it: rotation about y as a quaternion
    quats = np.stack([np.cos(turn), 0 * turn, np.sin(turn), 0 * turn], 1)
    f = np.float32
    return Gaussians(
        means=means.astype(f),
        quats=quats.astype(f),
        scales=np.tile(np.array([0.04, 0.04, 0.004], f), (count, 1)),
        opacities=np.full(count, 0.9, f),
        sh0=np.zeros((count, 1, 3), f),
        shN=np.zeros((count, 0, 3), f),
    )


def factor_at_the_middle(gaussians, cameras):
    graph = build(nearest(gaussians.means, 12))
    views = [View(f"{n}", camera) for n, camera in enumerate(cameras)]
    toward = facing(gaussians, drawn(gaussians, views, Raster()))
    weights = np.ones(len(gaussians), np.float32)
    factors = crease_factors(graph, gaussians, weights, toward, concave=CONCAVE)
    rows = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
    x = gaussians.means[:, 0]
    across = (x[rows] > 0) != (x[graph.indices] > 0)
    return float(factors[across].mean()), float(factors[~across].mean())


EYES = [(0.5, 0.5, 4), (-0.5, 0.3, 4), (0.2, -0.6, 4)]


@pytest.mark.parametrize("flipped", [False, True])
def test_a_valley_is_long_and_a_ridge_is_short(flipped):
    """Also if the thinnest axes point away from the cameras, which is up to chance."""
    cameras = [look_at(eye, size=(96, 72), focal=80) for eye in EYES]
    found = {}
    for angle in (90, 180, 270):
        gaussians = sheets(np.random.default_rng(0), angle)
        if flipped:
            w, x, y, z = gaussians.quats.T
            gaussians = replace(gaussians, quats=np.stack([-x, w, z, -y], 1))
        found[angle] = factor_at_the_middle(gaussians, cameras)
    assert found[90][0] > 1.5 > 1.0 > found[270][0]
    assert found[180][0] == pytest.approx(1.0, abs=0.02)
    assert all(within == pytest.approx(1, abs=0.25) for _, within in found.values())


def test_a_valley_seen_from_below_is_a_ridge():
    below = [look_at((x, y, -z), size=(96, 72), focal=80) for x, y, z in EYES]
    across, _ = factor_at_the_middle(sheets(np.random.default_rng(0), 90), below)
    assert across < 1


def test_views_are_drawn_once(monkeypatch):
    """Nested groups and automatic segments look at the same small pictures."""
    prepared, _ = things_on_a_floor(views=True)
    seen, original = [], fronts.front

    def counted(gaussians, camera, **options):
        seen.append(camera)
        return original(gaussians, camera, **options)

    monkeypatch.setattr(fronts, "front", counted)
    prepared.nesting(DEFAULT_SETTINGS)
    divided(prepared)
    assert len(seen) == len(prepared.views)


def test_cameras_are_small_and_keep_their_shape():
    camera = look_at((0, 3, 4), size=(1600, 900), focal=1200)
    assert (reduced(camera).width, reduced(camera).height) == (320, 180)
    small = look_at((0, 3, 4), size=(100, 80), focal=90)
    assert (reduced(small).width, reduced(small).height) == (100, 80)
