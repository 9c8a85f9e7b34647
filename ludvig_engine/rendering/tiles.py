"""A view cut into tiles for the GPU: where the tiles are, and the camera as its kernels read it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..scene import Camera
from ..scene.raster import Raster
from .grid import gaps

SIDE = 16  # pixels of a tile's side at most: a tile of kernels.cu has 256 pixels
# A feature cell of fewer pixels would make tiles too small for a warp, and too many of them.
LEAST = 8


@dataclass(frozen=True)
class Tiles:
    """Tiles row by row. With a feature grid, a tile lies between the same four cells throughout."""

    columns: Int[Array, " A1"]  # the first pixel column of each column of tiles, and the width
    rows: Int[Array, " B1"]  # likewise
    of_column: Int[Array, " W"]  # in which column of tiles a column of pixels is
    of_row: Int[Array, " H"]

    @property
    def across(self) -> int:
        return len(self.columns) - 1

    @property
    def count(self) -> int:
        return self.across * (len(self.rows) - 1)


def tiles(camera: Camera, grid: tuple[int, int] | None = None) -> Tiles:
    """The tiles of a view, for a feature grid of h x w cells if one is given."""
    h, w = grid or (1, 1)
    (columns, of_column), (rows, of_row) = (
        _cut(gaps(pixels, cells)[0]) for pixels, cells in ((camera.width, w), (camera.height, h))
    )
    return Tiles(columns, rows, of_column, of_row)


def foldable(camera: Camera, grid: tuple[int, int]) -> bool:
    """Whether the cells are so large that a view is folded into them."""
    return camera.height >= LEAST * grid[0] and camera.width >= LEAST * grid[1]


def corners(tiles: Tiles, camera: Camera, grid: tuple[int, int]) -> Int[Array, "T 4"]:
    """The cells around each tile of `tiles(camera, grid)`, as numbers in the grid's order."""
    h, w = grid
    row = gaps(camera.height, h)[0][tiles.rows[:-1]]
    column = gaps(camera.width, w)[0][tiles.columns[:-1]]
    below, right = np.minimum(row + 1, h - 1), np.minimum(column + 1, w - 1)
    around = [r[:, None] * w + c for r in (row, below) for c in (column, right)]
    return np.stack(around, -1).reshape(-1, 4).astype(np.int32)


def bilinear(
    camera: Camera, grid: tuple[int, int]
) -> tuple[Float[Array, "H 2"], Float[Array, "W 2"]]:
    """How much of a pixel belongs to the cells of `corners`: the products of these, row first."""
    v, u = (gaps(*of)[1] for of in ((camera.height, grid[0]), (camera.width, grid[1])))
    return np.stack([1 - v, v], 1), np.stack([1 - u, u], 1)


def lens(
    camera: Camera, raster: Raster, valid: Bool[Array, "H W"] | None = None
) -> Float[Array, " L"]:
    """The struct `Lens` of kernels.cu. What misses the bounding box of `valid` is not drawn."""
    (fx, _, cx), (_, fy, cy) = camera.K[:2]
    width, height = camera.width, camera.height

    def limits(beyond: float) -> list[float]:
        x, y = (beyond * 0.5 * size / f for size, f in ((width, fx), (height, fy)))
        return [-cx / fx - x, (width - cx) / fx + x, -cy / fy - y, (height - cy) / fy + y]

    around: tuple[float, ...] = (0, width, 0, height)
    if valid is not None:
        around = window(valid) or (0, 0, 0, 0)
    numbers = [
        *camera.viewmat[:3, :3].ravel(),
        *camera.viewmat[:3, 3],
        *(fx, fy, cx, cy),
        *limits(raster.margin),
        *(limits(raster.cull) if math.isfinite(raster.cull) else [-math.inf, math.inf] * 2),
        *around,
        *(raster.near, raster.min_alpha, raster.blur, raster.antialiased),
    ]
    return np.array(numbers, np.float64)


def window(valid: Bool[Array, "H W"]) -> tuple[int, int, int, int] | None:
    """The bounding box of the pixels that count, as a click is a few of a million pixels.

    It is (x0, x1, y0, y1), exclusive at the ends; None if there is no such pixel.
    """
    if not valid.any():
        return None
    rows, columns = np.flatnonzero(valid.any(1)), np.flatnonzero(valid.any(0))
    return int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1


def _cut(gap: Int[Array, " P"]) -> tuple[Int[Array, " E"], Int[Array, " P"]]:
    """Edges where the gap changes and at most SIDE apart, and between which ones each pixel is."""
    starts = np.flatnonzero(np.diff(gap, prepend=-1))
    within = np.arange(len(gap)) - starts[np.searchsorted(starts, np.arange(len(gap)), "right") - 1]
    edges = np.flatnonzero(within % SIDE == 0)
    of_pixel = np.searchsorted(edges, np.arange(len(gap)), "right") - 1
    return np.append(edges, len(gap)).astype(np.int32), of_pixel.astype(np.int32)
