"""Surfaces made of flat Gaussians: balls and rooms, to look at from outside and from within."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ludvig_engine.scene import Gaussians


def surface(points, normals, size, opacity=0.9):
    """Disks of a radius `size` at `points` that lie across `normals`."""
    count = len(points)
    # Around what lies across both ways, the z axis and the normal.
    across = np.cross([0, 0, 1.0], normals)
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    angle = np.arctan2(sine, np.asarray(normals)[:, 2:])
    across[sine[:, 0] == 0] = [0, 1, 0]
    turned = Rotation.from_rotvec(angle * across / np.where(sine > 0, sine, 1)).as_quat()
    rng = np.random.default_rng(0)
    return Gaussians(
        np.asarray(points, np.float32),
        np.roll(turned, 1, axis=1).astype(np.float32),
        np.tile(np.float32([size, size, size / 10]), (count, 1)),
        np.full(count, opacity, np.float32),
        rng.normal(0, 0.5, (count, 1, 3)).astype(np.float32),
        np.zeros((count, 0, 3), np.float32),
    )


def joined(*parts):
    """Several sets of Gaussians as one."""
    names = ("means", "quats", "scales", "opacities", "sh0", "shN")
    return Gaussians(*(np.concatenate([getattr(part, n) for part in parts]) for n in names))


def ball(count=1500, radius=1.0, center=(0, 0, 0)):
    """A closed sphere."""
    rng = np.random.default_rng(1)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    size = 2 * radius / np.sqrt(count)
    return surface(normals * radius + np.array(center), normals, size)


def box(count=3000, sides=(4.0, 2.5, 3.0), center=(0, 0, 0)):
    """Six closed walls."""
    rng = np.random.default_rng(2)
    sides = np.array(sides)
    areas = np.array([sides[1] * sides[2], sides[0] * sides[2], sides[0] * sides[1]])
    axis = rng.choice(3, count, p=areas / areas.sum())
    points = rng.uniform(-0.5, 0.5, (count, 3))
    sign = rng.choice([-1.0, 1.0], count)
    points[np.arange(count), axis] = 0.5 * sign
    normals = np.zeros((count, 3))
    normals[np.arange(count), axis] = sign
    size = 1.2 * np.sqrt(2 * areas.sum() / count)
    return surface(points * sides + np.array(center), normals, size)


def room():
    """A closed room with furniture in it."""
    things = [
        box(500, (0.8, 0.8, 0.8), (-1.2, 0.85, 0.8)),
        box(500, (1.2, 0.5, 0.6), (0.9, 1.0, -0.9)),
        ball(400, 0.3, (0.2, 0.9, 0.9)),
    ]
    return joined(box(), *things)
