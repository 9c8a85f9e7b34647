"""The spherical harmonics are orthonormal, and equal SciPy's up to 3DGS's signs and order."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import sph_harm_y

from ludvig_engine.io.sh import basis, colours
from scenes import random_gaussians


def test_orthonormal_on_the_sphere():
    t, w = np.polynomial.legendre.leggauss(12)  # exact for the products of two degree-4 functions
    phi = np.arange(24) * 2 * np.pi / 24
    z, phi = np.meshgrid(t, phi, indexing="ij")
    r = np.sqrt(1 - z**2)
    Y = basis(np.stack([r * np.cos(phi), r * np.sin(phi), z], -1).reshape(-1, 3), 4)
    gram = Y.T @ (Y * np.repeat(w, 24)[:, None]) * 2 * np.pi / 24
    np.testing.assert_allclose(gram, np.eye(25), atol=1e-12)


def test_equals_scipy():
    d = np.random.default_rng(0).normal(size=(50, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    theta, phi = np.arccos(d[:, 2]), np.arctan2(d[:, 1], d[:, 0])
    Y, k = basis(d, 4), 0
    for degree in range(5):
        for m in range(-degree, degree + 1):
            value = sph_harm_y(degree, abs(m), theta, phi)
            real = value.real if m == 0 else np.sqrt(2) * (value.imag if m < 0 else value.real)
            # SciPy has the Condon-Shortley phase (-1)^m, and so have the signs of 3DGS
            np.testing.assert_allclose(
                Y[:, k], real, atol=1e-12, err_msg=f"degree {degree}, order {m}"
            )
            k += 1


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_keeps_the_precision_of_the_directions(precision):
    assert basis(np.eye(3, dtype=precision), 4).dtype == precision


@pytest.mark.parametrize("degree", range(4))
def test_colours(degree):
    gaussians = random_gaussians(20, sh_degree=degree)
    eye = np.array([3.0, 1, -2])
    got = colours(gaussians, eye)
    for i in range(20):
        d = gaussians.means[i] - eye
        Y = basis((d / np.linalg.norm(d))[None], degree)[0]
        expected = np.concatenate([gaussians.sh0[i], gaussians.shN[i]]).T @ Y + 0.5
        np.testing.assert_allclose(got[i], np.maximum(expected, 0), atol=1e-5)
