"""Where a surface goes on behind an object: the places on it that nobody has ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Array, Bool, Float, Int
from .planes import Plane
from .sightings import COVERED, Sighting

# A place is empty if this share of the views that could see a surface there look past it.
PAST = 0.2
# The share of what is known about a hole's rim that must be the surface that goes on.
RIMMED = 0.5
# The object goes through a surface if this share of its points is on the other side.
THROUGH = 0.1
# A cell with this alpha is surface; with less than the other, something is missing.
SOLID, THIN = 0.5, 0.9


@dataclass(frozen=True)
class Sheet:
    """A grid of square cells on a plane: row r and column c are centered at low + (c, r) cell."""

    plane: Plane
    low: Float[Array, " 2"]  # x, y of the first cell's center in the plane's axes
    cell: float  # scene units
    height: int
    width: int

    def cells(self, local: Float[Array, "P 3"]) -> tuple[Array, Array, Bool[Array, " P"]]:
        """Rows and columns of the points of the plane that are on the grid, and which those are."""
        column, row = ((local[:, :2] - self.low) / self.cell).round().astype(int).T
        inside = (column >= 0) & (column < self.width) & (row >= 0) & (row < self.height)
        return row[inside], column[inside], inside

    def counts(self, local: Float[Array, "P 3"]) -> Int[Array, "h w"]:
        """How many of the points are over each cell."""
        row, column, _ = self.cells(local)
        size = self.height * self.width
        found = np.bincount(row * self.width + column, minlength=size)
        return found.reshape(self.height, self.width)

    def points(self) -> Float[Array, "P 3"]:
        """The centers of all cells in world space, row by row."""
        rows, columns = np.mgrid[: self.height, : self.width]
        x, y = self.low[0] + columns * self.cell, self.low[1] + rows * self.cell
        return self.plane.world(np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], 1))


def unseen(
    sheet: Sheet, sights: Sequence[Sighting], behind: Sequence[Float[Array, "H W"]], off: float
) -> tuple[Bool[Array, "h w"], Bool[Array, "h w"]]:
    """The cells in whose place a surface is missing once the object is gone, and the empty ones.

    Missing: some view that the object covered would look past them, and no view did before. Empty:
    views did look past them, at something behind or at the lower part of the object. `behind` is
    how deep the sights are without the object; what is within `off` of the plane is part of it, in
    scene units.
    """
    points = sheet.points()
    normal = sheet.plane.axes[2]
    missing, past, there = (np.zeros(len(points), np.int32) for _ in range(3))
    for sight, deep in zip(sights, behind, strict=True):
        inside, rows, columns, depth = sight.camera.in_picture(points)
        # How far below the plane a ray comes, per unit of depth behind it.
        steep = ((sight.camera.center - points[inside]) @ normal) / depth
        below = (sight.depth[rows, columns] - depth) * steep
        hidden = sight.share[rows, columns] > COVERED
        past[inside] += below > off
        there[inside] += ~hidden & (np.abs(below) <= off)
        missing[inside] += hidden & (below < off) & ((deep[rows, columns] - depth) * steep > off)
    empty = past > PAST * (past + there + 0.5 * missing)
    shape = sheet.height, sheet.width
    return ((missing > 0) & ~empty).reshape(shape), empty.reshape(shape)


def tidied(
    mask: Bool[Array, "h w"],
    empty: Bool[Array, "h w"],
    alpha: Float[Array, "h w"],
    above: Int[Array, "h w"],
    below: Int[Array, "h w"],
) -> Bool[Array, "h w"]:
    """The hole without specks and with its own specks filled; only parts that the surface rims.

    A part of the hole belongs to the surface if enough of the cells around it do that are known to
    be surface or empty: a plane goes on through every object that it meets, but its surface does
    not. Cells that something else hides say nothing. Nor does it go on where the object goes
    through it: `above` and `below` are how many points of the object are on either side.
    """
    surface = alpha > SOLID
    mask = ndimage.binary_opening(ndimage.binary_closing(mask, iterations=2), iterations=1)
    mask = ndimage.binary_fill_holes(mask | surface) & (alpha < THIN) & _grown(mask, 3)
    parts, count = ndimage.label(mask)
    keep = np.zeros(count + 1, bool)
    for n, box in enumerate(ndimage.find_objects(parts), 1):
        box = tuple(slice(max(s.start - 3, 0), s.stop + 3) for s in box)
        part = parts[box] == n
        around = _grown(part, 2) & ~part
        solid = (surface[box] & around).sum()
        open_ = (empty[box] & ~surface[box] & around).sum()
        under, over = below[box][part].sum(), above[box][part].sum()
        keep[n] = part.sum() > 4 and solid > 4 and solid >= RIMMED * (solid + open_)
        keep[n] &= under <= THROUGH * (under + over)
    found: Array = keep[parts]
    return found


def _grown(mask: Bool[Array, "h w"], steps: int) -> Bool[Array, "h w"]:
    found: Array = ndimage.binary_dilation(mask, iterations=steps)
    return found
