"""Spherical harmonics of splats: colors from a direction, and coefficients of turned splats.

The color in direction d (unit vector from the camera to the Gaussian, in object space) is 0.5 + C0
sh0 + Σ_k Y_k(d) shN_k, then clamped to at least 0. Coefficients are ordered by degree, then by
order m = -l..l.
"""

from __future__ import annotations

import numpy as np

from ...ludvig_engine.io.sh import basis

C0 = 0.28209479177387814  # Y_0, a constant: 1 / (2 sqrt(pi))


def degree_of(coefficients: int) -> int:
    """The degree that 0, 3, 8, 15 or 24 coefficients beyond degree 0 reach."""
    return round((coefficients + 1) ** 0.5) - 1


def colors(sh0: np.ndarray, bands: list[np.ndarray], directions: np.ndarray) -> np.ndarray:
    """Colors (N, 3), not clamped, of Gaussians with `sh0` (N, 3) and `bands`, a list of (N, 3).

    `directions` (N, 3) are those in which they are seen. Bands are separate arrays because Blender
    stores them like that, and because each array is then read in one pass.
    """
    result = sh0 * np.float32(C0)
    result += np.float32(0.5)
    if bands:
        values = basis(directions, degree_of(len(bands)))
        for k, band in enumerate(bands, 1):
            result += values[:, k, None] * band
    return result


def rotation(matrix: np.ndarray, degree: int) -> np.ndarray:
    """The matrix that an orthogonal matrix (3, 3) multiplies coefficients of `degree` with.

    It is square and has 2 degree + 1 rows; the orthogonal matrix may mirror. The functions of one
    degree span a space that rotations map to itself: Y(Qᵀd) = Y(d) D. So least squares over enough
    directions gives D exactly, whatever the functions' signs and order, and no Wigner recursion is
    needed.
    """
    # The points of a Fibonacci sphere are well spread, so the system is well conditioned.
    i = np.arange(16 * degree)
    height, turn = 1 - (2 * i + 1) / len(i), i * np.pi * (3 - 5**0.5)
    ring = np.sqrt(1 - height**2)
    directions = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)
    here, there = (basis(d, degree)[:, degree**2 :] for d in (directions, directions @ matrix))
    return np.linalg.lstsq(here, there, rcond=None)[0]


def rotate(shN: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Coefficients (N, S, 3) of Gaussians turned or mirrored by an orthogonal matrix (3, 3)."""
    turned = np.empty_like(shN)
    for degree in range(1, degree_of(shN.shape[1]) + 1):
        band = slice(degree**2 - 1, (degree + 1) ** 2 - 1)
        turned[:, band] = np.matmul(rotation(matrix, degree).astype(np.float32), shN[:, band])
    return turned
