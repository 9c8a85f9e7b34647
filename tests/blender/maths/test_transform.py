"""A moved Gaussian is the Gaussian of moved points.

Means and covariances follow the matrix, colors follow the rotation.
"""

import numpy as np
import pytest

from clouds import gaussians, orthogonal
from extension import blender_module

transform = blender_module("ludvig_blender.maths.transform")
sh = blender_module("ludvig_blender.maths.sh")
EngineError = blender_module("ludvig_engine.errors").EngineError


def covariances(g):
    axes = transform.rotations(g.quats) * g.scales[:, None, :]
    return axes @ axes.transpose(0, 2, 1)


def matrix(linear, offset=(0.3, -2, 5)):
    m = np.eye(4)
    m[:3, :3], m[:3, 3] = linear, offset
    return m


MAPS = {
    "turn": orthogonal(1),
    "turn and scale": 2.5 * orthogonal(2),
    "mirror": np.diag([-1.0, 1, 1]),
    "turned mirror, scaled": 0.4 * orthogonal(3, mirror=True),
    "stretch": orthogonal(4) @ np.diag([1, 2, 3]),
    "shear": np.array([[1, 0.7, 0], [0, 1, 0], [0.2, 0, 1]]),
    "mirrored shear": np.array([[-1, 0.7, 0], [0, 1, 0], [0.2, 0, 1]]),
}


@pytest.mark.parametrize("name", MAPS)
def test_means_and_covariances_follow_the_matrix(name):
    linear, made = MAPS[name], gaussians(200)
    moved = transform.apply(made, matrix(linear))
    np.testing.assert_allclose(moved.means, made.means @ linear.T + [0.3, -2, 5], atol=1e-5)
    expected = linear @ covariances(made) @ linear.T
    np.testing.assert_allclose(covariances(moved), expected, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_allclose(np.linalg.norm(moved.quats, axis=1), 1, atol=1e-6)
    assert (moved.scales > 0).all()
    np.testing.assert_array_equal(moved.opacities, made.opacities)
    np.testing.assert_array_equal(moved.sh0, made.sh0)


@pytest.mark.parametrize("name", ["turn", "turn and scale", "mirror", "turned mirror, scaled"])
def test_colors_are_the_same_from_the_moved_camera(name):
    linear, made = MAPS[name], gaussians(100)
    to = matrix(linear)
    moved = transform.apply(made, to)
    eye = np.array([4.0, -1, 2])

    def seen(g, eye):
        towards = g.means - eye
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        return sh.colors(g.sh0[:, 0], list(g.shN.transpose(1, 0, 2)), towards)

    np.testing.assert_allclose(seen(moved, linear @ eye + to[:3, 3]), seen(made, eye), atol=1e-5)


def test_there_and_back():
    made = gaussians(100)
    to = matrix(2 * orthogonal(5))
    back = transform.apply(transform.apply(made, to), np.linalg.inv(to))
    np.testing.assert_allclose(back.means, made.means, atol=1e-5)
    np.testing.assert_allclose(covariances(back), covariances(made), atol=1e-5)
    np.testing.assert_allclose(back.shN, made.shN, atol=1e-5)


def test_the_identity_changes_nothing():
    made = gaussians(10)
    almost = np.eye(4) + 1e-8
    assert transform.apply(made, almost) is made


def test_flattening_is_refused():
    with pytest.raises(EngineError, match="flattens") as refused:
        transform.apply(gaussians(3), np.diag([1, 0, 1, 1]))
    assert refused.value.fixes


def test_quaternions_of_half_turns():
    """Where w is 0, formulas that divide by it break down."""
    for axis in np.eye(3):
        half_turn = 2 * np.outer(axis, axis) - np.eye(3)
        quat = transform.quaternions(half_turn[None])
        np.testing.assert_allclose(transform.rotations(quat)[0], half_turn, atol=1e-12)
