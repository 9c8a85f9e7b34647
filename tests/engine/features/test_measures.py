"""What `colour` measures is what SciPy, scikit-image and NumPy compute, at any size of picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.feature import hessian_matrix_eigvals
from skimage.filters import sobel

from ludvig_engine.features.measures import blurred, derivatives

SIZES = [(45, 72), (2, 2), (3, 5), (2, 40), (61, 2)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("sigma", [1, 2.5, 8])
def test_a_blur_is_scipys(size, sigma):
    plane = np.random.default_rng(0).random(size, np.float32)
    expected = gaussian_filter(plane, sigma, mode="nearest")
    np.testing.assert_allclose(blurred(plane, sigma), expected, atol=1e-6)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_derivatives_are_scikit_images(size):
    plane = np.random.default_rng(1).random(size, np.float32)
    down, across = np.gradient(plane)
    hessian = [*np.gradient(down), np.gradient(across, axis=1)]
    gradient, large, small = derivatives(plane)
    np.testing.assert_allclose(gradient, sobel(plane), atol=1e-6)
    np.testing.assert_allclose([large, small], hessian_matrix_eigvals(hessian), atol=1e-6)


def test_a_slice_of_a_picture_is_measured_too():
    planes = np.moveaxis(np.random.default_rng(2).random((30, 40, 3), np.float32), 2, 0)
    np.testing.assert_array_equal(blurred(planes[1], 2), blurred(planes[1].copy(), 2))
