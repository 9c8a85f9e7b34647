"""A scene in few Gaussians, for questions of what hides what, which need no detail."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ..arrays import Array, Float, Int
from ..scene import Gaussians

# As many blobs are left, at most. A view of them takes 10 ms, and what they hide of each other
# is what the Gaussians hide (the views that are planned cover the Gaussians as well as the blobs).
MOST = 20_000
FIRST = 256  # cells along the scene at first
PIECE = 65536  # Gaussians whose covariances are computed at once
# A blob is wider than what it stands for, so that light does not pass between blobs: of a closed
# ball the mean depth is then right to 0.07 radii, and without it is wrong by 0.3.
WIDER = 1.5
SHARPEST = 1e-4  # the least thickness of a blob, as a share of its cell


def merged(gaussians: Gaussians, extent: float, most: int = MOST) -> Gaussians:
    """At most about `most` Gaussians that cover and hide what the given ones do.

    Those within a cell of a grid become one, of the same mean, covariance and covered area.
    `extent` is the size of the scene, in scene units. Colors of degree 0 are kept, as means.
    """
    if len(gaussians) <= most:
        return gaussians
    cell = extent / FIRST
    while True:
        group, count = _cells(gaussians.means, cell)
        if count <= most:
            return _blobs(gaussians, group, count, cell)
        cell *= max(1.2, (count / most) ** 0.45)


def _cells(means: Float[Array, "N 3"], cell: float) -> tuple[Int[Array, " N"], int]:
    """The number of the cell that each Gaussian is in, and how many cells there are.

    Cells far from the middle are shared by all that is farther out.
    """
    middle = np.median(means[:: max(len(means) // 10_000, 1)], axis=0)
    index = np.clip(np.floor((means - middle) / cell), -(2**20), 2**20 - 1).astype(np.int64)
    code = index @ np.array([1, 2**21, 2**42], np.int64)
    found, group = np.unique(code, return_inverse=True)
    return group.reshape(-1), len(found)


def _blobs(gaussians: Gaussians, group: Int[Array, " N"], count: int, cell: float) -> Gaussians:
    """The Gaussians of each group as one."""
    area = _area(gaussians.scales.astype(np.float64))
    mass = gaussians.opacities * area + 1e-12 * area.max()
    total = np.bincount(group, mass, count)

    def mean(values: Float[Array, " N"]) -> Float[Array, " G"]:
        found: Float[Array, " G"] = np.bincount(group, mass * values, count) / total
        return found

    means = np.stack([mean(gaussians.means[:, k]) for k in range(3)], 1)
    spread = np.empty((count, 3, 3))
    own = _covariances(gaussians)
    for n, (i, j) in enumerate([(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]):
        off = (gaussians.means[:, i] - means[group, i]) * (gaussians.means[:, j] - means[group, j])
        spread[:, i, j] = spread[:, j, i] = mean(own[n] + off)
    values, axes = np.linalg.eigh(spread)
    scales = np.sqrt(np.maximum(values, (SHARPEST * cell) ** 2))
    depth = np.bincount(group, gaussians.opacities * area, count) / _area(scales)
    sh0 = np.stack([mean(gaussians.sh0[:, 0, k]) for k in range(3)], 1)
    scales *= WIDER
    return Gaussians(
        means.astype(np.float32),
        _quaternions(axes).astype(np.float32),
        scales.astype(np.float32),
        np.minimum(1 - np.exp(-depth), 0.99).astype(np.float32),
        sh0[:, None].astype(np.float32),
        np.zeros((count, 0, 3), np.float32),
    )


def _area(scales: Float[Array, "N 3"]) -> Float[Array, " N"]:
    """What an ellipsoid covers, averaged over the directions it is seen from, up to a factor."""
    found: Float[Array, " N"] = np.sqrt(
        (scales[:, 0] * scales[:, 1]) ** 2
        + (scales[:, 1] * scales[:, 2]) ** 2
        + (scales[:, 2] * scales[:, 0]) ** 2
    )
    return found


def _covariances(gaussians: Gaussians) -> list[Float[Array, " N"]]:
    """The covariances as xx, xy, xz, yy, yz, zz."""
    out = np.empty((6, len(gaussians)), np.float32)
    for start in range(0, len(gaussians), PIECE):
        part = slice(start, start + PIECE)
        turned = Rotation.from_quat(np.roll(gaussians.quats[part], -1, axis=1)).as_matrix()
        half = turned * gaussians.scales[part, None]
        full = half @ half.transpose(0, 2, 1)
        out[:, part] = full[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]].T
    return list(out)


def _quaternions(axes: Float[Array, "G 3 3"]) -> Float[Array, "G 4"]:
    """The quaternions (wxyz) of orthogonal matrices; a mirrored one is turned into a rotation."""
    turned = axes * np.where(np.linalg.det(axes) < 0, -1.0, 1.0)[:, None, None]
    return np.roll(Rotation.from_matrix(turned).as_quat(), 1, axis=1)
