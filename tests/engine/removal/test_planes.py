"""The planes around an object."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.removal.planes import planes_of
from scenes import random_gaussians

EYES = np.array([[0.0, 0, 30], [5, 0, 30]])


def test_a_table_among_scattered_gaussians_is_one_plane():
    gaussians = random_gaussians(300)
    gaussians.means[:] = np.random.default_rng(0).uniform(-9, 9, (300, 3))
    gaussians.means[:200, 2] = 1.5
    found = planes_of(gaussians, np.ones(300, np.float32), 5.0, EYES)
    assert abs(found[0].axes[2] @ [0, 0, 1]) > 0.999
    assert found[0].local(np.array([[3.0, 4, 1.5]]))[0, 2] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("count", [0, 3, 21, 60])
def test_gaussians_far_from_each_other_are_none(count):
    """No three of them are neighbors, so no plane can be tried."""
    gaussians = random_gaussians(count)
    gaussians.means[:] = 1000 * np.random.default_rng(1).uniform(-1, 1, (count, 3))
    assert planes_of(gaussians, np.ones(count, np.float32), 0.1, EYES) == []
