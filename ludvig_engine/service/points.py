"""Prompts in space as evidence, which is given to the Gaussians near them, times the opacity."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
from scipy.spatial import cKDTree

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError
from ..scene import Gaussians
from ..segmentation.painting import Evidence

# A click without a radius takes this many nearest Gaussians.
FEW = 8
# Half a radius lies between two points of a line: these take 24 MB, and a second to search.
MAX_STEPS = 1_000_000


def click(
    gaussians: Gaussians, points: Float[Array, "P 3"], *, radius: float, positive: bool
) -> Evidence:
    """Evidence for the Gaussians within `radius` of the points, in units of the scene.

    It decreases with the distance to 0 at the radius. With the radius 0, the `FEW` nearest
    Gaussians of each point are taken.
    """
    if radius > 0:
        return _near(gaussians, points, radius, positive)
    rows = cKDTree(gaussians.means).query(points, min(FEW, len(gaussians)))[1].ravel()
    return _evidence(gaussians, np.unique(rows), np.float32(1), positive)


def line(
    gaussians: Gaussians, points: Float[Array, "P 3"], *, radius: float, positive: bool
) -> Evidence:
    """Evidence as that of clicks, along the line through the points.

    Raises `EngineError` "bad_input" for a line that is too long for its radius.
    """
    if len(points) == 1 or radius <= 0:
        return click(gaussians, points, radius=radius, positive=positive)
    lengths = np.linalg.norm(np.diff(points.astype(float), axis=0), axis=1)
    with np.errstate(all="ignore"):
        steps = np.maximum(np.ceil(lengths / (radius / 2)), 1)
    if not steps.sum() <= MAX_STEPS:  # not a number either, if half the radius is 0
        raise EngineError(
            "bad_input",
            f"A line of {lengths.sum():g} units is too long for its radius of {radius:g}: it may "
            f"be {MAX_STEPS // 2:,} times as long.",
            ["Choose a larger radius, or draw a shorter line."],
        )
    parts = [
        np.linspace(a, b, count, endpoint=False)
        for (a, b), count in zip(pairwise(points), steps.astype(int), strict=True)
    ]
    return _near(gaussians, np.concatenate([*parts, points[-1:]]), radius, positive)


def box(gaussians: Gaussians, corners: Float[Array, "2 3"], *, positive: bool) -> Evidence:
    """Evidence of an axis-aligned box, given by two opposite corners.

    Outside a positive box is not the object, and inside may be. Inside a negative box is not the
    object, and outside is left open.
    """
    low, high = corners.min(0), corners.max(0)
    inside = ((gaussians.means >= low) & (gaussians.means <= high)).all(1)
    if not positive:
        return _evidence(gaussians, np.flatnonzero(inside), np.float32(1), False)
    outside = np.where(inside, 0, gaussians.opacities).astype(np.float32)
    return Evidence(np.zeros_like(outside), outside, gaussians.opacities - outside)


def joined_evidence(parts: list[Evidence]) -> Evidence | None:
    """The sum of all evidence; None if there is none."""
    return reduce(add, parts) if parts else None


def _near(
    gaussians: Gaussians, points: Float[Array, "P 3"], radius: float, positive: bool
) -> Evidence:
    # Only Gaussians in the bounding box of the points need to be searched.
    low, high = points.min(0) - radius, points.max(0) + radius
    close: Bool[Array, " N"] = ((gaussians.means >= low) & (gaussians.means <= high)).all(1)
    rows = np.flatnonzero(close)
    distance = cKDTree(points).query(gaussians.means[rows], distance_upper_bound=radius)[0]
    weight = 1 - np.minimum(distance / radius, 1) ** 2
    return _evidence(gaussians, rows, weight.astype(np.float32), positive)


def _evidence(
    gaussians: Gaussians,
    rows: Int[Array, " M"],
    weight: Float[Array, " M"] | np.float32,
    positive: bool,
) -> Evidence:
    said, nothing = (np.zeros(len(gaussians), np.float32) for _ in range(2))
    said[rows] = gaussians.opacities[rows] * weight
    return Evidence(said, nothing, nothing) if positive else Evidence(nothing, said, nothing)
