"""Round things go on round where an object touched them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.removal import remove
from ludvig_engine.removal.discs import discs
from ludvig_engine.rendering import colours
from ludvig_engine.scene import Gaussians, Scene, View
from scenes import joined, look_at
from standing import C0, STEP

RED, BLUE = (0.7, 0.2, 0.1), (0.1, 0.2, 0.8)


def ball(middle, radius: float, color) -> Gaussians:
    """A ball of discs, as far apart as those of the table of `standing`."""
    count = int(4 * np.pi * radius**2 / STEP**2)
    k = np.arange(count) + 0.5
    z, turn = 1 - 2 * k / count, np.pi * (1 + 5**0.5) * k
    out = np.stack([np.cos(turn) * np.sqrt(1 - z**2), np.sin(turn) * np.sqrt(1 - z**2), z], 1)
    made = discs(np.asarray(middle) + radius * out, out, 0.6 * STEP, 0.05 * STEP, 0)
    sh0 = np.broadcast_to((np.float32(color) - 0.5) / np.float32(C0), made.sh0.shape)
    return replace(made, sh0=np.ascontiguousarray(sh0))


def touching(way, radius: float) -> tuple[Scene, np.ndarray]:
    """A red ball around the origin with a part missing where a blue ball sinks into it."""
    middle = np.asarray(way) / np.linalg.norm(way) * 1.1
    red, blue = ball((0, 0, 0), 1.0, RED), ball(middle, radius, BLUE)
    red = red.take(np.linalg.norm(red.means - middle, axis=1) > radius)
    blue = blue.take(np.linalg.norm(blue.means, axis=1) > 1)
    both = joined(red, blue)
    views = []
    for n in range(14):
        turn, high = 2.4 * n, np.linspace(-2.5, 2.5, 14)[n]
        eye = np.array([np.cos(turn), np.sin(turn), 0]) * np.sqrt(16 - high**2) + [0, 0, high]
        views.append(View(f"{n}.png", look_at(tuple(eye), size=(160, 120), focal=150)))
    count = len(both)
    return Scene(both, np.arange(count), count, tuple(views)), np.arange(count) >= len(red)


@pytest.mark.parametrize(("way", "radius"), [((1, 0, 0), 0.4), ((1, 1, 0.5), 0.5)])
def test_a_ball_goes_on_where_another_one_touched_it(way, radius):
    scene, blue = touching(way, radius)
    found = remove(scene, blue)
    made = found.gaussians.take(found.source < 0)
    place = np.asarray(way) / np.linalg.norm(way)
    # All directions in the part that is missing are covered, by Gaussians that are on the ball.
    out = made.means / np.linalg.norm(made.means, axis=1, keepdims=True)
    missing = ball((0, 0, 0), 1.0, RED).means
    missing = missing[np.linalg.norm(missing - 1.1 * place, axis=1) < radius - STEP]
    assert (out @ missing.T).max(0).min() > np.cos(1.5 * STEP)
    assert np.median(np.abs(np.linalg.norm(made.means, axis=1) - 1)) < STEP
    assert np.abs(np.linalg.norm(made.means, axis=1) - 1).max() < 2 * STEP
    seen = colours(made, scene.views[0].camera.center)
    np.testing.assert_allclose(seen, np.broadcast_to(RED, seen.shape), atol=0.08)


def test_nothing_is_made_where_nothing_was_touched():
    """A ball in the air: what is behind it is far away, and seen."""
    red, blue = ball((0, 0, 0), 1.0, RED), ball((2.2, 0, 0), 0.4, BLUE)
    scene, _ = touching((1, 0, 0), 0.4)
    both = joined(red, blue)
    scene = replace(scene, gaussians=both, rows=np.arange(len(both)), file_count=len(both))
    found = remove(scene, np.arange(len(both)) >= len(red))
    assert (found.source >= 0).all()
