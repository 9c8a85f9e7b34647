"""Harmonics are orthonormal, turn with the splat, and give the colors of 3DGS."""

import numpy as np
import pytest

from clouds import directions, orthogonal
from extension import blender_module

sh = blender_module("ludvig_blender.maths.sh")


def test_basis_is_orthonormal():
    # Gauss-Legendre in z and even steps around it: exact for products of two functions of degree 4
    z, weights = np.polynomial.legendre.leggauss(12)
    turn = np.arange(24) * np.pi / 12
    ring = np.sqrt(1 - z**2)
    d = np.stack(
        [np.outer(ring, np.cos(turn)), np.outer(ring, np.sin(turn)), np.outer(z, np.ones(24))], -1
    )
    values = sh.basis(d.reshape(-1, 3), 4)
    gram = values.T @ (values * np.repeat(weights, 24)[:, None]) * np.pi / 12
    np.testing.assert_allclose(gram, np.eye(25), atol=1e-12)


def test_signs_are_those_of_3dgs():
    x, y, z = np.eye(3)
    np.testing.assert_allclose(sh.basis(np.array([x, y, z]), 1)[:, 1:], -0.4886025119 * np.array(
        [[0, 0, 1], [1, 0, 0], [0, -1, 0]]), atol=1e-9)  # fmt: skip


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("degree", range(5))
def test_turned_splats_look_as_the_unturned_from_where_the_view_is_turned_back(degree, mirror):
    turn = orthogonal(degree, mirror)
    shN = np.random.default_rng(1).normal(size=(7, (degree + 1) ** 2 - 1, 3)).astype(np.float32)
    d = directions(7)
    seen = np.einsum("nk,nkc->nc", sh.basis(d, degree)[:, 1:], sh.rotate(shN, turn))
    back = np.einsum("nk,nkc->nc", sh.basis(d @ turn, degree)[:, 1:], shN)  # rows: turnᵀ d
    np.testing.assert_allclose(seen, back, atol=5e-6)


def test_rotations_are_a_group():
    a, b = orthogonal(1), orthogonal(2)
    for degree in range(1, 5):
        np.testing.assert_allclose(
            sh.rotation(a @ b, degree), sh.rotation(a, degree) @ sh.rotation(b, degree), atol=1e-12
        )
        np.testing.assert_allclose(
            sh.rotation(np.eye(3), degree), np.eye(2 * degree + 1), atol=1e-13
        )


def test_colors_by_the_definition():
    rng = np.random.default_rng(3)
    sh0 = rng.normal(size=(9, 3))
    shN = rng.normal(size=(9, 15, 3))
    d = directions(9)
    expected = 0.5 + 0.28209479177 * sh0 + np.einsum("nk,nkc->nc", sh.basis(d, 3)[:, 1:], shN)
    bands = [np.float32(shN[:, k]) for k in range(15)]
    np.testing.assert_allclose(
        sh.colors(np.float32(sh0), bands, np.float32(d)), expected, atol=1e-5
    )
    np.testing.assert_allclose(
        sh.colors(np.float32(sh0), [], np.float32(d)), 0.5 + 0.28209479177 * sh0, atol=1e-6
    )
