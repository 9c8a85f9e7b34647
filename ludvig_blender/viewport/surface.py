"""Where the pixels of a camera touch splats. NumPy only, as the worker does this."""

from __future__ import annotations

import numpy as np

from ..maths.lens import BLUR

# Splats nearer than this part of the median depth are too close to be seen.
NEAR = 1e-3
FAINT = 0.1  # a pixel with a lower alpha shows nothing


def touched(
    texels: np.ndarray, shown: np.ndarray, viewmat: np.ndarray, K: np.ndarray, pixels: np.ndarray
) -> np.ndarray:
    """The points (P, 3) in object space that pixels (P, 2) show; NaN where they show nothing.

    The camera has OpenCV's axes. The depth of a pixel is the median over the weights of its splats.
    `texels` (N, 3, 4) are those of `cloud.pack`, and `shown` (N,) bool says which splats are
    visible.
    """
    # (0, 0) is the center of the upper left pixel.
    pixels = np.asarray(pixels, np.float64) + 0.5
    flat = texels.reshape(-1, 12)
    flat = flat[shown & (flat[:, 3] > 1 / 255)]
    t = flat[:, :3] @ viewmat[:3, :3].T.astype(np.float32) + viewmat[:3, 3].astype(np.float32)
    ahead = t[:, 2] > (NEAR * np.median(np.abs(t[:, 2])) if len(t) else 0)
    flat, t = flat[ahead], t[ahead]
    focal, z = np.array([K[0, 0], K[1, 1]], np.float32), t[:, 2:]
    slopes = t[:, :2] / z
    centers = slopes * focal + K[:2, 2].astype(np.float32)
    # An upper bound of the splat's extent in the image: no axis of the ellipsoid is longer than all
    # of them together, and perspective stretches none by more than this factor.
    longest = (flat[:, 4] + flat[:, 7] + flat[:, 9]) * (1 + (slopes**2).sum(1))
    reach = 2 * np.log(255 * flat[:, 3]) * (longest * (focal.max() / z[:, 0]) ** 2 + BLUR)
    depths = np.full(len(pixels), np.nan)
    for n, pixel in enumerate(pixels):
        near = np.flatnonzero(((centers - pixel) ** 2).sum(1) < reach)
        alphas = _alphas(flat[near], slopes[near], focal / z[near], pixel - centers[near], viewmat)
        order = np.argsort(z[near, 0])
        alphas = alphas[order]
        weights = np.cumsum(alphas * np.cumprod(np.append(1, 1 - alphas))[:-1])
        if len(weights) and weights[-1] > FAINT:
            depths[n] = z[near[order[np.searchsorted(weights, weights[-1] / 2)]], 0]
    return unprojected(viewmat, K, pixels - 0.5, depths)


def unprojected(
    viewmat: np.ndarray, K: np.ndarray, pixels: np.ndarray, depths: np.ndarray
) -> np.ndarray:
    """The points (P, 3) at these depths (P,) along the rays of pixels (P, 2)."""
    slopes = (np.asarray(pixels, np.float64) + 0.5 - K[:2, 2]) / [K[0, 0], K[1, 1]]
    inverse = np.linalg.inv(viewmat)
    return (
        np.column_stack([slopes, np.ones(len(slopes))]) * np.reshape(depths, (-1, 1))
    ) @ inverse[:3, :3].T + inverse[:3, 3]


def _alphas(
    flat: np.ndarray, slopes: np.ndarray, scale: np.ndarray, offset: np.ndarray, viewmat: np.ndarray
) -> np.ndarray:
    """The alpha (M,) of each splat in a pixel that is `offset` (M, 2) from the splat's center."""
    turn = viewmat[:3, :3]
    J = scale[:, :, None] * (turn[None, :2] - slopes[:, :, None] * turn[None, 2:])  # (M, 2, 3)
    xx, xy, xz, yy, yz, zz = flat[:, 4:10].T
    covariance = np.stack([xx, xy, xz, xy, yy, yz, xz, yz, zz], axis=1).reshape(-1, 3, 3)
    conic = np.linalg.inv(J @ covariance @ J.transpose(0, 2, 1) + BLUR * np.eye(2))
    exponent = np.einsum("mi,mij,mj->m", offset, conic, offset)
    alphas = np.minimum(flat[:, 3] * np.exp(-0.5 * exponent), 0.99)
    return np.where(alphas < 1 / 255, 0, alphas)
