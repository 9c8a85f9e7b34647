"""Where surfaces are continued: the grid on each plane around an object, and its hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import render
from ..scene import Camera, Gaussians
from ..scene.raster import Raster
from .hole import Sheet, tidied, unseen
from .planes import OFF, Plane, on_plane
from .sightings import Sighting

# The grid that a hole is looked for on: cells of the longer side, over this many times the object's
# size.
COARSE, AROUND = 192, 2.5
# Cells of the longer side of the grid that is colored. A cell is half the distance between
# Gaussians, so this is a surface of 25,000.
FINE = 320
FAR = 50.0  # how far the camera above a sheet stands, in sheets' sizes: nearly parallel rays


@dataclass(frozen=True)
class Patch:
    """A surface around an object, seen from straight above, and the hole in it."""

    sheet: Sheet
    members: Bool[Array, " N"]  # the Gaussians that it is made of
    spacing: float  # usual distance between those, in scene units
    alpha: Float[Array, "h w"]
    hole: Bool[Array, "h w"]

    def covers(self, points: Float[Array, "P 3"], off: float) -> Bool[Array, " P"]:
        """Which points are within `off` of the hole, in scene units."""
        local = self.sheet.plane.local(points)
        row, column, inside = self.sheet.cells(local)
        found = inside & (np.abs(local[:, 2]) < off)
        found[inside] &= self.hole[row, column]
        return found


def above(sheet: Sheet) -> Camera:
    """A camera far above a sheet, whose pixels are the sheet's cells."""
    size = max(sheet.height, sheet.width) * sheet.cell
    distance = FAR * size
    x, y, normal = sheet.plane.axes
    rotation = np.stack([x, y, -normal])
    middle = sheet.low + np.array([sheet.width - 1, sheet.height - 1]) / 2 * sheet.cell
    eye = sheet.plane.world(np.array([[*middle, distance]]))[0]
    viewmat = np.eye(4)
    viewmat[:3, :3], viewmat[:3, 3] = rotation, -rotation @ eye
    focal = distance / sheet.cell
    K = np.array([[focal, 0, sheet.width / 2], [0, focal, sheet.height / 2], [0, 0, 1.0]])
    return Camera(viewmat, K, sheet.width, sheet.height)


def patch_of(
    gaussians: Gaussians,
    plane: Plane,
    object_points: Float[Array, "M 3"],
    size: float,
    sights: Sequence[Sighting],
    behind: Sequence[Float[Array, "H W"]],
    raster: Raster,
    job: Job = SILENT,
) -> Patch | None:
    """The hole of one plane, if it has one. `gaussians` are without the object."""
    middle = plane.local(object_points.mean(0, keepdims=True))[0, :2]
    off = 2 * OFF * size
    members = on_plane(gaussians, plane, off)
    span = AROUND * size
    cell = span / COARSE
    sheet = coarse = Sheet(plane, middle - span / 2, cell, COARSE, COARSE)
    near = members & (np.abs(plane.local(gaussians.means)[:, :2] - middle) < span).all(1)
    if near.sum() < 10:
        return None
    alpha = alpha_of(gaussians.take(near), sheet, raster, job)
    hole = _hole(sheet, alpha, plane.local(object_points), sights, behind, off)
    if not hole.any():
        return None
    spacing = _spacing(plane.local(gaussians.means[near])[:, :2])
    rows, columns = np.nonzero(hole)
    low = np.array([columns.min(), rows.min()]) * cell + sheet.low
    high = np.array([columns.max(), rows.max()]) * cell + sheet.low
    # Material to copy is looked for around the hole.
    margin = max(0.6 * (high - low).max(), 16 * spacing)
    low, high = low - margin, high + margin
    fine = max(spacing / 2, (high - low).max() / FINE)
    width, height = (np.ceil((high - low) / fine)).astype(int) + 1
    sheet = Sheet(plane, low, float(fine), int(height), int(width))
    alpha = alpha_of(gaussians.take(near), sheet, raster, job)
    rough = hole
    hole = _hole(sheet, alpha, plane.local(object_points), sights, behind, off)
    hole &= _as_fine(ndimage.binary_dilation(rough, iterations=2), coarse, sheet)
    return Patch(sheet, near, spacing, alpha, hole) if hole.any() else None


def _hole(
    sheet: Sheet,
    alpha: Float[Array, "h w"],
    own: Float[Array, "M 3"],
    sights: Sequence[Sighting],
    behind: Sequence[Float[Array, "H W"]],
    off: float,
) -> Bool[Array, "h w"]:
    """The hole; `own` are the object's points in the axes of the plane."""
    above, below = sheet.counts(own[own[:, 2] > off]), sheet.counts(own[own[:, 2] < -off])
    return tidied(*unseen(sheet, sights, behind, off), alpha, above, below)


def _as_fine(mask: Bool[Array, "a b"], coarse: Sheet, fine: Sheet) -> Bool[Array, "h w"]:
    """A mask of one sheet on the grid of another one on the same plane."""
    row = np.arange(fine.height) * fine.cell + fine.low[1] - coarse.low[1]
    column = np.arange(fine.width) * fine.cell + fine.low[0] - coarse.low[0]
    row, column = ((at / coarse.cell).round().astype(int) for at in (row, column))
    inside = (row >= 0) & (row < coarse.height), (column >= 0) & (column < coarse.width)
    found = np.zeros((fine.height, fine.width), bool)
    found[np.ix_(*inside)] = mask[np.ix_(row[inside[0]], column[inside[1]])]
    return found


def alpha_of(some: Gaussians, sheet: Sheet, raster: Raster, job: Job) -> Float[Array, "h w"]:
    """How opaque the sheet's cells are from above."""
    return render(some, above(sheet), np.zeros((len(some), 1), np.float32), raster=raster, job=job)[
        1
    ]


def _spacing(points: Float[Array, "P 2"]) -> float:
    """The usual distance between neighbors on a surface, from how many are within a radius."""
    # Sorted by place, so that the sample does not depend on the order of the input.
    points = points[np.lexsort(points.T)]
    some = points[:: max(len(points) // 2000, 1)]
    count = min(8, len(points) - 1)
    distance, _ = cKDTree(points).query(some, count + 1)
    return float(np.median(distance[:, -1])) * np.sqrt(np.pi / count)
