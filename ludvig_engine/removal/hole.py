"""Where a surface goes on behind an object: the places on it that nobody has ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Array, Bool, Float
from .planes import Plane
from .sightings import Sighting

# A pixel shows the object if this share of it does: the rim of a silhouette tells nothing.
COVERED = 0.2
# How far a surface may be behind a point that lies on it, as a share of the distance.
BEHIND = 0.02
# A place that at least this share of the views that tell look past is empty.
PAST = 0.2


@dataclass(frozen=True)
class Sheet:
    """A grid of square cells on a plane: row r and column c are centered at low + (c, r) cell."""

    plane: Plane
    low: Float[Array, " 2"]  # x, y of the first cell's center in the plane's axes
    cell: float  # scene units
    height: int
    width: int

    def points(self) -> Float[Array, "P 3"]:
        """The centers of all cells in world space, row by row."""
        rows, columns = np.mgrid[: self.height, : self.width]
        x, y = self.low[0] + columns * self.cell, self.low[1] + rows * self.cell
        return self.plane.world(np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1))


def unseen(
    sheet: Sheet,
    sights: Sequence[Sighting],
    others: Sequence[Sheet | None] = (),
) -> Bool[Array, "h w"]:
    """The cells that the object covers in some view, and that no view looks past."""
    points = sheet.points()
    covered, past, there = (np.zeros(len(points), np.int32) for _ in range(3))
    for sight in sights:
        rows, columns, depth, inside = _pixels(points, sight)
        share = np.zeros(len(points), np.float32)
        share[inside] = sight.share[rows, columns]
        surface = np.zeros(len(points), np.float32)
        surface[inside] = sight.depth[rows, columns]
        hidden = inside & (share > COVERED)
        in_front = hidden & (surface < depth * (1 + BEHIND))
        covered += in_front
        tells = inside & ~hidden
        past += tells & (surface > depth * (1 + BEHIND))
        there += tells & (np.abs(surface - depth) <= BEHIND * depth)
    empty = past > PAST * (past + there + 0.25 * covered)
    found: Array = ((covered > 0) & ~empty).reshape(sheet.height, sheet.width)
    return found


def _pixels(points: Array, sight: Sighting) -> tuple[Array, Array, Array, Array]:
    """Row and column of those points that are in the picture, the depths of all, and which are."""
    camera = sight.camera
    local = points @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3]
    depth = local[:, 2]
    safe = np.where(depth > 1e-6, depth, 1)
    x = local[:, 0] / safe * camera.K[0, 0] + camera.K[0, 2]
    y = local[:, 1] / safe * camera.K[1, 1] + camera.K[1, 2]
    inside = (depth > 1e-6) & (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height)
    return y[inside].astype(int), x[inside].astype(int), depth, inside


def tidied(mask: Bool[Array, "h w"], surface: Bool[Array, "h w"]) -> Bool[Array, "h w"]:
    """The hole without specks and with its own specks filled; only parts that the surface rims.

    A part of the hole belongs to the surface if enough of the cells around it do: a plane goes on
    through every object that it meets, but its surface does not.
    """
    mask = ndimage.binary_opening(ndimage.binary_closing(mask, iterations=2), iterations=1)
    mask = ndimage.binary_fill_holes(mask | surface) & ~surface & _grown(mask, 3)
    parts, count = ndimage.label(mask)
    keep = np.zeros(count + 1, bool)
    for n, box in enumerate(ndimage.find_objects(parts), 1):
        box = tuple(slice(max(s.start - 2, 0), s.stop + 2) for s in box)
        part = parts[box] == n
        around = _grown(part, 1) & ~part
        keep[n] = part.sum() > 4 and (surface[box] & around).sum() >= RIMMED * around.sum()
    found: Array = keep[parts]
    return found


# The share of a hole's rim that must be the surface that goes on.
RIMMED = 0.3


def _grown(mask: Bool[Array, "h w"], steps: int) -> Bool[Array, "h w"]:
    found: Array = ndimage.binary_dilation(mask, iterations=steps)
    return found
