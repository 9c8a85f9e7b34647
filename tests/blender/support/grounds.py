"""A made-up table with things on it, in any frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clouds import gaussians
from extension import blender_module


def table(up: np.ndarray, *, size: int = 3000, seed: int = 0):
    """Gaussians of which two thirds lie on a plane, the rest above it; `up` (3,) is of length 1."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (size, 3)) * [1, 1, 0.002]
    above = size // 3
    points[:above] = rng.uniform(0, 0.6, (above, 3)) * [1, 1, 0.9] - [0.3, 0.2, 0]
    side = np.cross(up, [0.3, 0.5, -0.7])
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(up, side), up])  # rows: where x, y and z of the table point
    made = gaussians(size, degree=0, seed=seed, scale=0.02)
    means = (points @ frame + [5, -2, 1]).astype(np.float32)
    return type(made)(**{**vars(made), "means": means})


def write(path: Path, up: np.ndarray) -> Path:
    """The table as a PLY."""
    blender_module("ludvig_engine.io.ply").write_ply(path, table(up))
    return path
