"""Where a scene is: a sphere around its Gaussians, whatever floaters and horizons surround it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..scene import Gaussians

# A Gaussian farther out than so many times the median distance is not part of the scene. Of a
# uniform ball, shell, disk or rod, all are within 2 times; of a trained capture, this leaves out
# horizon and floaters.
FAR = 2.5
# The rest is cut off again at this percentile, so that a few strays do not count.
MOST = 99.0
FAINT = 0.05  # opacity below which a Gaussian says nothing about where the scene is
SAMPLE = 100_000  # Gaussians that are looked at: the percentile is good to 1 %
ROUNDS = 8  # it stands still after two or three


@dataclass(frozen=True)
class Ball:
    """The sphere that a scene is in."""

    center: Float[Array, " 3"]  # scene units, float64
    radius: float  # scene units, above 0


def bounds(gaussians: Gaussians) -> Ball:
    """The sphere around what a scene consists of, without floaters and horizon.

    A single Gaussian, or many in one place, are as large as they are drawn: three standard
    deviations.
    """
    clear = np.flatnonzero(gaussians.opacities >= FAINT)
    rows = clear if len(clear) else np.arange(len(gaussians))
    rows = rows[:: max(len(rows) // SAMPLE, 1)]
    points = gaussians.means[rows].astype(np.float64)
    reach = 3 * np.median(gaussians.scales[rows].max(1))
    center, distance = _around(points)
    for _ in range(ROUNDS):
        near = distance <= FAR * max(float(np.median(distance)), 1e-12)
        if near.all():
            break
        points = points[near]
        center, distance = _around(points)
    return Ball(center, max(float(np.percentile(distance, MOST)), float(reach), 1e-9))


def _around(points: Float[Array, "M 3"]) -> tuple[Float[Array, " 3"], Float[Array, " M"]]:
    """The median of points, and their distances from it."""
    center = np.median(points, axis=0)
    return center, np.linalg.norm(points - center, axis=1)
