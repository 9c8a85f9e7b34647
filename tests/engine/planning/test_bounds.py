"""Where a scene is, whatever flies around it."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.planning.bounds import bounds
from shells import ball, joined, surface


def floaters(count, far, opacity=0.9):
    rng = np.random.default_rng(5)
    ways = rng.normal(size=(count, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return surface(ways * far * rng.uniform(0.3, 1, (count, 1)), ways, 0.05, opacity)


@pytest.mark.parametrize("far", [8, 100, 1e6])
@pytest.mark.parametrize("share", [0.001, 0.02, 0.1])
def test_floaters_do_not_widen_it(share, far):
    alone = bounds(ball(2000))
    found = bounds(joined(ball(2000), floaters(int(2000 * share), far)))
    assert found.radius == pytest.approx(alone.radius, rel=0.02)
    assert np.allclose(found.center, alone.center, atol=0.1)


def test_haze_does_not_count():
    found = bounds(joined(ball(1000), floaters(1000, 3, opacity=0.02)))
    assert found.radius == pytest.approx(bounds(ball(1000)).radius)


def test_long_things_are_in_it():
    points = np.linspace([-5, 0, 0], [5, 0, 0], 500)
    found = bounds(surface(points, np.tile([0, 0, 1.0], (500, 1)), 0.05))
    assert 4.8 < found.radius < 5.3


def test_one_splat_is_as_large_as_it_is_drawn():
    one = surface(np.array([[1.0, 2, 3]]), np.array([[0, 0, 1.0]]), 0.2)
    found = bounds(one)
    assert found.radius == pytest.approx(0.6)
    assert found.center == pytest.approx([1, 2, 3])
