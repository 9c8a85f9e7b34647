"""What a brush reaches: a round, flat piece of space that lies on a surface, like a coin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A surface that is seen at less than this cosine is too uncertain to be followed.
GRAZING = 0.2


@dataclass(frozen=True)
class Coin:
    """It lies on the surface with its middle, and reaches as far before it as behind it."""

    center: np.ndarray  # (3,)
    normal: np.ndarray  # (3,), of length 1, towards the eye
    radius: float
    depth: float  # how far it reaches behind the surface; infinite: as far as there is anything

    def holds(self, points: np.ndarray) -> np.ndarray:
        """Which points (P, 3) are within."""
        away = points - self.center.astype(points.dtype)
        heights = away @ self.normal.astype(points.dtype)
        flat = np.einsum("pc,pc->p", away, away) - heights**2
        return (np.abs(heights) <= self.depth) & (flat <= self.radius**2)

    def ring(self, sunk: float = 0.0, corners: int = 48) -> np.ndarray:
        """Its edge (corners + 1, 3), closed, `sunk` behind the surface."""
        first = np.cross(self.normal, np.eye(3)[np.argmin(np.abs(self.normal))])
        first /= np.linalg.norm(first)
        angles = np.linspace(0, 2 * np.pi, corners + 1)[:, None]
        around = np.cos(angles) * first + np.sin(angles) * np.cross(self.normal, first)
        return self.center - sunk * self.normal + self.radius * around


def normal(center: np.ndarray, around: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """The normal (3,) of a surface at a point, from points (P, 3) on it around that point.

    `towards` (3,) points to the eye. It is the answer where too little of the surface is known.
    """
    straight = towards / np.linalg.norm(towards)
    if len(around) < 3:
        return straight
    found = np.linalg.svd(around - center)[2][2]
    found = found if found @ straight > 0 else -found
    return found if found @ straight > GRAZING else straight
