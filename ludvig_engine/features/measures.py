"""Blurred pictures and their derivatives: what `colour` measures, in a few walks over the pixels.

These are SciPy's `gaussian_filter`, scikit-image's `sobel` and `hessian_matrix_eigvals`, and
NumPy's `gradient`, to 1e-6, in a third of their time: those compute in float64, or make a new
picture in each step.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import Array, Float

TRUNCATE = 4.0  # standard deviations at which SciPy ends a blur
# Sums may be taken in any order, or loops are not vectorized. NaN stays NaN.
_MATH = {"contract", "reassoc", "nsz"}


def blurred(plane: Float[Array, "h w"], sigma: float) -> Float[Array, "h w"]:
    """The plane, blurred by a Gaussian; beyond its border it goes on as it ends."""
    radius = int(TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    weights /= 2 * weights.sum() - weights[0]
    return _blurred(np.ascontiguousarray(plane, np.float32), weights.astype(np.float32))


def derivatives(plane: Float[Array, "h w"]) -> Float[Array, "3 h w"]:
    """The length of the gradient by Sobel's filter, and the Hessian's eigenvalues, larger first."""
    return _derivatives(np.ascontiguousarray(plane, np.float32))


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def _blurred(plane, weights):
    height, width = plane.shape
    radius = len(weights) - 1
    out = np.empty_like(plane)
    row = np.empty(width + 2 * radius, np.float32)
    for y in range(height):
        middle = row[radius : radius + width]
        for x in range(width):
            middle[x] = weights[0] * plane[y, x]
        for k in range(1, radius + 1):
            above, below = plane[max(y - k, 0)], plane[min(y + k, height - 1)]
            for x in range(width):
                middle[x] += weights[k] * (above[x] + below[x])
        row[:radius] = middle[0]
        row[radius + width :] = middle[-1]
        found = out[y]
        for x in range(width):
            found[x] = weights[0] * middle[x]
        for k in range(1, radius + 1):
            left, right = row[radius - k :], row[radius + k :]
            for x in range(width):
                found[x] += weights[k] * (left[x] + right[x])
    return out


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _slope(before, after, here, at, last):
    """NumPy's gradient along an axis: one-sided at both ends."""
    if at == 0:
        return after - here
    if at == last:
        return here - before
    return (after - before) * np.float32(0.5)


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def _derivatives(plane):
    height, width = plane.shape
    bottom, right = height - 1, width - 1
    out = np.empty((3, height, width), np.float32)
    down, across = np.empty_like(plane), np.empty_like(plane)
    for y in range(height):
        here = plane[y]
        above, below = plane[max(y - 1, 0)], plane[min(y + 1, bottom)]
        for x in range(width):
            a, b = max(x - 1, 0), min(x + 1, right)
            down[y, x] = _slope(above[x], below[x], here[x], y, bottom)
            across[y, x] = _slope(here[a], here[b], here[x], x, right)
            v = below[a] + 2 * below[x] + below[b] - above[a] - 2 * above[x] - above[b]
            u = above[b] + 2 * here[b] + below[b] - above[a] - 2 * here[a] - below[a]
            out[0, y, x] = np.sqrt((u * u + v * v) * np.float32(1 / 32))
    for y in range(height):
        here = down[y]
        above, below = down[max(y - 1, 0)], down[min(y + 1, bottom)]
        for x in range(width):
            a, b = max(x - 1, 0), min(x + 1, right)
            yy = _slope(above[x], below[x], here[x], y, bottom)
            xy = _slope(here[a], here[b], here[x], x, right)
            xx = _slope(across[y, a], across[y, b], across[y, x], x, right)
            mean, half = (yy + xx) * np.float32(0.5), (yy - xx) * np.float32(0.5)
            root = np.sqrt(half * half + xy * xy)
            out[1, y, x], out[2, y, x] = mean + root, mean - root
    return out
