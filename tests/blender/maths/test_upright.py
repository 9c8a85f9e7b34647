"""Up is away from the plane that most lies on, in any frame; or nobody says where it is."""

import numpy as np
import pytest

from clouds import gaussians
from extension import blender_module
from grounds import table

upright = blender_module("ludvig_blender.maths.upright")
bounds = blender_module("ludvig_engine.planning.bounds").bounds

UPS = [(0, -1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0), (0.6, -0.48, 0.64), (-0.36, 0.48, -0.8)]


def found(made):
    return upright.up(made.means, made.scales, made.opacities, bounds(made))


@pytest.mark.parametrize("up", UPS)
def test_the_table_is_below(up):
    assert found(table(np.array(up, float))) @ up > 0.9998  # one degree


@pytest.mark.parametrize("seed", range(3))
def test_of_a_ball_nobody_knows(seed):
    assert found(gaussians(3000, degree=0, seed=seed)) is None


def test_a_plane_through_the_middle_of_things_says_nothing():
    made = table(np.array([0.0, 0.0, 1.0]))
    means = made.means.copy()
    means[: len(means) // 6, 2] = (
        2 - means[: len(means) // 6, 2]
    )  # half of the things hang below it
    assert found(type(made)(**{**vars(made), "means": means})) is None


def test_floaters_change_nothing():
    made = table(np.array([0.6, 0.0, 0.8]))
    means = made.means.copy()
    means[::50] *= 40
    assert found(type(made)(**{**vars(made), "means": means})) @ [0.6, 0, 0.8] > 0.9998


def test_few_splats_and_splats_in_one_place():
    assert all(found(gaussians(50, degree=0, seed=seed)) is None for seed in range(9))
    assert found(gaussians(1, degree=0)) is None
    same = gaussians(2000, degree=0)
    assert found(type(same)(**{**vars(same), "means": np.ones_like(same.means)})) is None


def test_of_a_wall_and_a_floor_the_one_below_counts():
    """A wall that is a little larger is no ground, if its normal is far from the usual up."""
    rng = np.random.default_rng(0)
    floor = rng.uniform(-1, 1, (1000, 3)) * [1, 0.002, 1]
    wall = rng.uniform(-1, 1, (1300, 3)) * [1, 1, 0.002] + [0, -1, 1]
    things = rng.uniform(-0.4, 0, (300, 3))
    made = gaussians(2600, degree=0, scale=0.02)
    means = np.concatenate([floor, wall, things]).astype(np.float32)
    assert found(type(made)(**{**vars(made), "means": means})) @ [0, -1, 0] > 0.999
