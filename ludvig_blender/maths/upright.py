"""Which way is up, from the splats alone: away from the plane that most of them lie on.

A splat file does not say it. Trainers keep COLMAP's frame, whose y axis points down roughly at
best, and others turn it, so that a scene lies on its side.
"""

from __future__ import annotations

import math

import numpy as np

from ...ludvig_engine.arrays import Array, Float
from ...ludvig_engine.planning.bounds import Ball

# Directions of the half sphere that are tried, 4 degrees apart, and slabs across each of them.
DIRECTIONS, SLABS = 1000, 60
SAMPLE = 20_000  # splats that are looked at
ENOUGH = 1000  # of fewer, some slab holds a large part by chance
ROUNDS = 6  # of fitting the plane to what lies in its slab: it stands still after three or four
# Of the scene's area, this much must lie in the slab. Floors, tables and walls of twelve generated
# scenes and of a real one have .34 to .81, what is no plane at most .16.
LEAST = 0.2
# And so much of what does not must be on one side. It is all of it but a few percent for floors
# and walls, and 54 to 66 percent for slabs through the middle of something.
ONE_SIDED = 0.8
# So much of the area must lie outside of the slab: the splats of one flat thing are no ground.
FEWEST = 0.03
# A floor may be smaller than the wall behind it. So a plane counts as larger by this factor, if up
# would be within 50 degrees of the usual -y.
USUAL = np.array([0.0, -1.0, 0.0])
NEAR = math.cos(math.radians(50))
FACTOR = 1.5
APART = math.cos(math.radians(25))  # directions nearer than this to a plane's are not another plane
PLANES = 4  # that are looked at, the largest first


def up(
    means: Float[Array, "N 3"],
    scales: Float[Array, "N 3"],
    opacities: Float[Array, " N"],
    ball: Ball,
) -> Float[Array, " 3"] | None:
    """The unit vector that points up, in the frame of the splats; None if they do not say.

    `ball` is the sphere around the scene without floaters (`planning.bounds`). Scales are linear,
    opacities 0..1.
    """
    step = max(len(means) // SAMPLE, 1)
    points = (means[::step] - ball.center) / ball.radius
    sizes = np.sort(scales[::step].astype(np.float64), axis=1)
    weights = opacities[::step] * sizes[:, 1] * sizes[:, 2]
    inside = np.linalg.norm(points, axis=1) <= 1
    points, weights = points[inside], weights[inside]
    if len(weights) < ENOUGH or not weights.sum() > 0:
        return None
    # A few huge splats must not be the plane.
    weights = np.minimum(weights, np.percentile(weights, 95))
    weights /= weights.sum()
    best, largest = None, 0.0
    for direction, share in _planes(points, weights):
        size = share * (FACTOR if direction @ USUAL > NEAR else 1)
        if share >= LEAST and size > largest:
            best, largest = direction, size
    return best


def _planes(
    points: Float[Array, "M 3"], weights: Float[Array, " M"]
) -> list[tuple[Float[Array, " 3"], float]]:
    """Planes that everything is on one side of: the direction to there, and the plane's share."""
    directions = _half_sphere()
    heights = np.clip((points @ directions.T + 1) * (SLABS / 2), 0, SLABS - 1).astype(np.int32)
    filled = np.stack([np.bincount(slabs, weights, SLABS) for slabs in heights.T])
    filled = filled[:, :-1] + filled[:, 1:]  # so that a plane between two slabs is found too
    shares, found = filled.max(1), []
    for _ in range(PLANES):
        best = int(shares.argmax())
        middle = 2 * (int(filled[best].argmax()) + 1) / SLABS - 1
        direction, height = _fitted(points, weights, directions[best], middle)
        offsets = points @ direction - height
        above = float(weights[offsets > 1 / SLABS].sum())
        below = float(weights[offsets < -1 / SLABS].sum())
        if max(above, below) >= max(ONE_SIDED * (above + below), FEWEST):
            found.append((direction if above >= below else -direction, 1 - above - below))
        shares[np.abs(directions @ direction) > APART] = 0
    return found


def _fitted(
    points: Float[Array, "M 3"],
    weights: Float[Array, " M"],
    normal: Float[Array, " 3"],
    height: float,
) -> tuple[Float[Array, " 3"], float]:
    """The plane of what lies within a slab around a plane, again and again."""
    for _ in range(ROUNDS):
        near = np.abs(points @ normal - height) < 1 / SLABS
        if not weights[near].sum() > 0:
            break
        middle = np.average(points[near], axis=0, weights=weights[near])
        spread = (points[near] - middle) * np.sqrt(weights[near])[:, None]
        _, axes = np.linalg.eigh(spread.T @ spread)
        normal = axes[:, 0] * np.sign(axes[:, 0] @ normal or 1)
        height = float(middle @ normal)
    return normal, height


def _half_sphere() -> Float[Array, "D 3"]:
    """Unit vectors spread evenly over a half sphere, along a spiral."""
    number = np.arange(DIRECTIONS) + 0.5
    height, turn = 1 - number / DIRECTIONS, np.pi * (1 + math.sqrt(5)) * number
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), height], 1)
