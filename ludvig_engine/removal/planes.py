"""The surfaces around an object, as planes: what it stands on, leans against and hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float
from ..scene import Gaussians
from ..segmentation.creases import thickness, thinnest_axes
from .sightings import FLAT

# How many planes are tried for each that is found, and how many are looked for.
TRIES, MOST = 150, 6
# A plane that is less than this share of what is seen around the object is chance.
LEAST = 0.03
# How far a Gaussian may be off its plane, as a share of the object's size, and how its normal may
# be turned (the cosine).
OFF, TURN = 0.012, 0.85
SAMPLE = 1500  # Gaussians that planes are tried on
FEWEST = 10  # Gaussians of a plane


@dataclass(frozen=True)
class Plane:
    """A plane with axes of its own.

    They are those of a picture that is taken from above: x to the right, y down, and the normal
    towards the viewer, on the side of the cameras. So they are left-handed.
    """

    origin: Float[Array, " 3"]
    axes: Float[Array, "3 3"]  # rows: x, y, normal

    def local(self, points: Float[Array, "P 3"]) -> Float[Array, "P 3"]:
        """Points as (x, y in the plane, height above it)."""
        found: Array = (points - self.origin) @ self.axes.T
        return found

    def world(self, local: Float[Array, "P 3"]) -> Float[Array, "P 3"]:
        """The inverse of `local`."""
        found: Array = local @ self.axes + self.origin
        return found


def planes_of(
    gaussians: Gaussians,
    weights: Float[Array, " N"],
    size: float,
    eyes: Float[Array, "C 3"],
) -> list[Plane]:
    """The planes that most of the weight lies on, largest first.

    `size` is the object's, in scene units; `eyes` are where the cameras stand.
    """
    total = float(weights.sum())
    rng = np.random.default_rng(0)
    rows = np.flatnonzero(weights > 0)
    # Sorted by place, so that the order of the input does not matter to the sample.
    rows = rows[np.lexsort(gaussians.means[rows].T)]
    found: list[Plane] = []
    while len(rows) > 20 and len(found) < MOST:
        points = gaussians.means[rows].astype(np.float64)
        some = gaussians.take(rows)
        normals, flat = thinnest_axes(some), thickness(some) < FLAT
        origin, normal = _best(points, normals, flat, weights[rows], size, rng)
        inside = _near(points, normals, flat, origin, normal, OFF * size)
        for _ in range(3):
            if inside.sum() < FEWEST:
                break
            origin, normal = _fitted(points[inside], weights[rows][inside])
            inside = _near(points, normals, flat, origin, normal, OFF * size)
        if inside.sum() < FEWEST or weights[rows][inside].sum() < LEAST * total:
            break
        if np.median(np.sign((eyes - origin) @ normal)) < 0:
            normal = -normal
        found.append(Plane(origin, _axes(normal)))
        rows = rows[~inside]
    return found


def on_plane(gaussians: Gaussians, plane: Plane, off: float) -> Bool[Array, " N"]:
    """Which Gaussians are part of the plane's surface."""
    near = np.abs(plane.local(gaussians.means)[:, 2]) < off
    rows = np.flatnonzero(near)
    some = gaussians.take(rows)
    turned = np.abs(thinnest_axes(some) @ plane.axes[2]) < TURN
    near[rows[turned & (thickness(some) < FLAT)]] = False
    return near


def _best(
    points: Array,
    normals: Array,
    flat: Array,
    weights: Array,
    size: float,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """The plane through three neighbors that holds most weight: a point of it and its normal."""
    chance = weights / weights.sum()
    sample = rng.choice(len(points), min(SAMPLE, len(points)), p=chance)
    best, winner = -1.0, (points[0], normals[0])
    for _ in range(TRIES):
        first = points[rng.choice(sample)]
        close = sample[np.linalg.norm(points[sample] - first, axis=1) < 0.5 * size]
        if len(close) < 3:
            continue
        second, third = points[rng.choice(close, 2)]
        normal = np.cross(second - first, third - first)
        length = np.linalg.norm(normal)
        if length < 1e-3 * size**2:
            continue
        normal /= length
        inside = _near(points[sample], normals[sample], flat[sample], first, normal, OFF * size)
        if inside.sum() > best:
            best, winner = float(inside.sum()), (first, normal)
    return winner


def _near(
    points: Array, normals: Array, flat: Array, origin: Array, normal: Array, off: float
) -> Bool[Array, " P"]:
    along = np.abs(normals @ normal) > TURN
    found: Array = (np.abs((points - origin) @ normal) < off) & (along | ~flat)
    return found


def _fitted(points: Array, weights: Array) -> tuple[Array, Array]:
    """The least-squares plane: its middle and its normal."""
    # The square root, because a few large Gaussians have most of the weight.
    share = np.sqrt(weights.astype(np.float64))
    share /= share.sum()
    middle = share @ points
    spread = (points - middle) * np.sqrt(share)[:, None]
    return middle, np.linalg.svd(spread, full_matrices=False)[2][2]


def _axes(normal: Array) -> Array:
    """Axes as `Plane` has them; x is along an axis of the world, as checks and planks often are."""
    along = np.eye(3)[np.abs(normal).argmin()]
    x = along - (along @ normal) * normal
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(x, normal), normal])
