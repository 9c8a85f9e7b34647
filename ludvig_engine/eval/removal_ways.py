"""Ways to remove an object that ours is measured beside: what a user could do without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, Delaunay, QhullError, cKDTree
from scipy.spatial.transform import Rotation

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..removal import remove
from ..scene import Gaussians, Scene
from ..segmentation.grow import grow
from ..segmentation.prepared import Prepared

OURS = "ours"
# Of the object's size: how far a Gaussian may be off the plane to be of it, and how high above it
# the object counts as standing on it.
OFF, FOOT = 0.03, 0.25
TRIES = 300  # random planes through three Gaussians of the rim
NEAREST = 4  # Gaussians beside each one of the object that are its rim


@dataclass(frozen=True)
class Left:
    """What is left of a scene, and how many of the Gaussians are new."""

    gaussians: Gaussians
    added: int = 0


# What is left after a selection is removed.
Way = Callable[[Scene, Bool[Array, " N"]], Left]


def ways(prepared: Prepared, *, job: Job = SILENT) -> Mapping[str, Way]:
    """Ours and the others, by name: delete, delete after Grow, and one plane of one color."""

    def grown(scene: Scene, selected: Bool[Array, " N"]) -> Left:
        return delete(scene, grow(prepared.graph, selected, job=job))

    def ours(scene: Scene, selected: Bool[Array, " N"]) -> Left:
        found = remove(scene, selected, job=job)
        return Left(found.gaussians, int((found.source < 0).sum()))

    return {"delete": delete, "grow": grown, "plane": plane, OURS: ours}


def delete(scene: Scene, selected: Bool[Array, " N"]) -> Left:
    """The others, unchanged."""
    return Left(scene.gaussians.take(~selected))


def plane(scene: Scene, selected: Bool[Array, " N"]) -> Left:
    """Delete, and close what the object stood on by a flat disk of the mean color of its rim."""
    rest = scene.gaussians.take(~selected)
    if not selected.any() or len(rest) < 3:
        return Left(rest)
    own = scene.gaussians.means[selected].astype(np.float64)
    size = float(np.linalg.norm(np.ptp(np.percentile(own, [2, 98], axis=0), axis=0)))
    _, beside = cKDTree(rest.means).query(own, NEAREST)
    rim = rest.take(np.unique(beside))
    points = rim.means.astype(np.float64)
    middle, axes, near = _plane(points, OFF * size)
    spots = _covered((own - middle) @ axes.T, FOOT * size)
    if not len(spots):
        return Left(rest)
    step = _step(spots)
    spots = _grid(spots, step)
    made = len(spots)
    flat = np.array([step, step, 0.05 * step])
    w = Rotation.from_matrix(axes.T).as_quat()[[3, 0, 1, 2]]
    color = rim.sh0[near].mean(0)
    parts = (
        middle + spots @ axes[:2],
        np.tile(w, (made, 1)),
        np.tile(flat, (made, 1)),
        np.full(made, 0.95),
        np.tile(color, (made, 1, 1)),
        np.zeros((made, *rest.shN.shape[1:])),
    )
    disk = Gaussians(*(np.asarray(part, np.float32) for part in parts))
    return Left(Gaussians.joined([rest, disk]), made)


def _plane(
    points: Float[Array, "R 3"], off: float
) -> tuple[Float[Array, " 3"], Float[Array, "3 3"], Bool[Array, " R"]]:
    """A point, axes (rows: two along it and the normal), and which points are within `off` of it.

    Of random planes it is the one with most points, fitted to those again.
    """
    random = np.random.default_rng(0)
    best = np.zeros(len(points), bool)
    for _ in range(TRIES):
        a, b, c = points[random.choice(len(points), 3)]
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal)
        if length > 0:
            near = np.abs((points - a) @ (normal / length)) < off
            best = near if near.sum() > best.sum() else best
    if best.sum() < 3:
        best[:] = True
    middle = points[best].mean(0)
    axes = np.linalg.svd(points[best] - middle, full_matrices=True)[2]
    axes[2] *= np.linalg.det(axes)
    return middle, axes, best


def _covered(own: Float[Array, "K 3"], height: float) -> Float[Array, "F 2"]:
    """Where the object, in axes of the plane, is closer to the plane than `height`."""
    return own[np.abs(own[:, 2]) < height, :2]


def _step(spots: Float[Array, "F 2"]) -> float:
    """The distance between new Gaussians: about a thirtieth of the hole, in scene units."""
    return max(float(np.ptp(spots, axis=0).max()) / 30, 1e-6)


def _grid(spots: Float[Array, "F 2"], step: float) -> Float[Array, "G 2"]:
    """The points of a grid in the convex hull of the spots."""
    low, high = spots.min(0), spots.max(0)
    x, y = (np.arange(low[k], high[k] + step, step) for k in range(2))
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    try:
        hull = spots[ConvexHull(spots).vertices]
        return grid[Delaunay(hull).find_simplex(grid) >= 0]
    # Fewer than three spots, or all of them on a line.
    except QhullError:
        return spots
