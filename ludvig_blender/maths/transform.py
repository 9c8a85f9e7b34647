"""Transform Gaussians by a matrix: means, shapes and view-dependent colors together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.scene import Gaussians
from ..translation.say import say_report
from . import sh

# Gaussians per step, so that their 3x3 matrices fit into the cache.
CHUNK = 65536


def apply(gaussians: Gaussians, matrix: np.ndarray) -> Gaussians:
    """Gaussians after a transform by `matrix` (4, 4); the same object if that is the identity.

    A rotation with uniform scale, mirrored or not, is exact. Under shear and non-uniform scale,
    means and covariances are exact (Σ' = A Σ Aᵀ), and view-dependent color turns with the nearest
    rotation (the polar factor of A), because a general linear map does not map spherical harmonics
    of one degree to the same degree. Raises `EngineError` "bad_input" if the matrix flattens space.
    """
    matrix = np.asarray(matrix, np.float64)
    if np.allclose(matrix, np.eye(4), rtol=0, atol=1e-6):
        return gaussians
    linear, offset = matrix[:3, :3], matrix[:3, 3]
    left, stretches, right = np.linalg.svd(linear)
    if not stretches[2] > 1e-9 * stretches[0]:
        raise EngineError(
            "bad_input",
            say_report(
                "The object's scale flattens its splats: it is {longest:.3g} along one axis and "
                "{shortest:.3g} along another.",
                longest=stretches[0],
                shortest=stretches[2],
            ),
            ["Give the object a scale other than 0 on every axis."],
        )
    turn = left @ right  # orthogonal, with determinant -1 if mirrored
    if stretches[0] - stretches[2] < 1e-6 * stretches[0]:
        # Ellipsoids are symmetric about their center: mirroring them is turning them by the negated
        # mirror.
        quats = turned(gaussians.quats, turn * np.sign(np.linalg.det(turn)))
        scales = gaussians.scales * np.float32(stretches.mean())
    else:
        quats, scales = reshaped(gaussians.quats, gaussians.scales, linear)
    return replace(
        gaussians,
        means=(gaussians.means @ linear.T + offset).astype(np.float32),
        quats=quats.astype(np.float32),
        scales=scales.astype(np.float32),
        shN=sh.rotate(gaussians.shN, turn),
    )


def turned(quats: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4) wxyz turned by a rotation matrix (3, 3)."""
    w, x, y, z = quaternions(rotation[None])[0]
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    return quats @ left.T


def reshaped(
    quats: np.ndarray, scales: np.ndarray, linear: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Quaternions and scales of ellipsoids mapped by a matrix A (3, 3).

    They are U and D of A R S² Rᵀ Aᵀ = U D² Uᵀ.
    """
    new_quats, new_scales = np.empty(quats.shape, np.float32), np.empty(scales.shape, np.float32)
    for start in range(0, len(quats), CHUNK):
        rows = slice(start, start + CHUNK)
        axes, lengths, _ = np.linalg.svd((linear @ rotations(quats[rows])) * scales[rows, None, :])
        axes[..., 2] *= np.sign(np.linalg.det(axes))[:, None]
        new_quats[rows], new_scales[rows] = quaternions(axes), lengths
    return new_quats, new_scales


def rotations(quats: np.ndarray) -> np.ndarray:
    """Rotation matrices (N, 3, 3), float64, of normalized quaternions (N, 4) wxyz."""
    w, x, y, z = quats.astype(np.float64).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternions(matrices: np.ndarray) -> np.ndarray:
    """Quaternions (N, 4) wxyz, w >= 0, of rotation matrices (N, 3, 3).

    The matrix q_i q_j is linear in the rotation matrix. Its longest column is q up to a factor,
    without the loss of digits that comes from dividing by a small component.
    """
    m = matrices
    xx = m[:, 0, 0]
    yy = m[:, 1, 1]
    zz = m[:, 2, 2]
    wx = m[:, 2, 1] - m[:, 1, 2]
    wy = m[:, 0, 2] - m[:, 2, 0]
    wz = m[:, 1, 0] - m[:, 0, 1]
    xy = m[:, 0, 1] + m[:, 1, 0]
    xz = m[:, 0, 2] + m[:, 2, 0]
    yz = m[:, 1, 2] + m[:, 2, 1]
    outer = np.stack([
        np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
        np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
        np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
        np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
    ], axis=-2)  # fmt: skip
    longest = np.argmax(np.einsum("nii->ni", outer), axis=1)
    quats = np.take_along_axis(outer, longest[:, None, None], axis=1)[:, 0]
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    return np.where(quats[:, :1] < 0, -quats, quats)
