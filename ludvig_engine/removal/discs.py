"""New Gaussians: flat and round, without colors."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ..arrays import Array, Float
from ..scene import Gaussians

# So a lattice whose Gaussians are 1.7 standard deviations apart has an alpha of 0.97 and more.
OPACITY = 0.95


def discs(
    points: Float[Array, "P 3"], normals: Float[Array, "P 3"], wide: float, thin: float, rest: int
) -> Gaussians:
    """Black discs across the normals, with standard deviations in scene units.

    `rest` is the number of their harmonics above degree 0.
    """
    count = len(points)
    along = np.eye(3)[np.abs(normals).argmin(1)]
    x = along - (along * normals).sum(1, keepdims=True) * normals
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    turns = Rotation.from_matrix(np.stack([x, np.cross(normals, x), normals], 2))
    return Gaussians(
        points.astype(np.float32),
        turns.as_quat(scalar_first=True).astype(np.float32),
        np.tile(np.array([wide, wide, thin], np.float32), (count, 1)),
        np.full(count, OPACITY, np.float32),
        np.zeros((count, 1, 3), np.float32),
        np.zeros((count, rest, 3), np.float32),
    )
