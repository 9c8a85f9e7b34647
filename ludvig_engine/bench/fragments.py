"""Count the fragments (pairs of a pixel and a Gaussian) of a view, and time their blending."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import time

import numpy as np
from numba import njit

from ..rendering import kernels
from ..rendering.bands import Bands, padded
from ..rendering.grid import gaps
from ..rendering.project import project
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT


def count(gaussians: Gaussians, camera: Camera, grid: tuple[int, int]) -> tuple[int, int, float]:
    """The fragments with a weight, the fragments that are evaluated, and CPU seconds.

    Evaluated are the fragments inside an ellipse that are not behind a column of finished pixels.
    The seconds are those of the folding kernel alone, without projection, sorting and assembling
    the matrix.
    """
    row_gap, row_part = gaps(camera.height, grid[0])
    column_gap, column_part = gaps(camera.width, grid[1])
    starts = np.searchsorted(column_gap, np.arange(grid[1] + 1)).astype(np.int32)
    ellipses = project(gaussians, camera, GSPLAT)
    bands = Bands(ellipses, camera, row_gap)
    limits = Bands.constants(GSPLAT)
    seconds = 0.0
    totals = np.zeros(2, int)
    for band in range(bands.count):
        top, bottom = bands.rows(band)
        members = bands.members_of(band)
        where = (members, ellipses.geometry, ellipses.bounds, top, bottom, camera.width)
        start = time.process_time()
        kernels.fold_band(*where, None, row_part[top:bottom], starts, padded(column_part), limits)
        seconds += time.process_time() - start
        totals += _count_band(*where, limits)
    return int(totals[0]), int(totals[1]), seconds


@njit(nogil=True, error_model="numpy")
def _count_band(members, geometry, bounds, top, bottom, width, limits):
    T, w, live, own, box = kernels._start_band(bottom - top, width, members, geometry, bounds, None)
    contributing, evaluated = 0, 0
    for n in range(len(members)):
        if n % kernels._CHECK_EVERY == kernels._CHECK_EVERY - 1 and not kernels._look_at_columns(
            T, live
        ):
            break
        g = kernels._constants(own, n)
        low, high = kernels._live_range(live, box[n, 0], box[n, 1])
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = kernels._row(T, w, g, y, top, low, high, limits)
            dy = np.float32(y) - g[1]
            middle, half = g[0] - g[2] * dy, np.sqrt(max(g[3] - g[4] * dy * dy, np.float32(0)))
            for i in range(x1 - x0):
                contributing += w[i] > 0
                evaluated += abs(np.float32(x0 + i) - middle) <= half and low <= x0 + i < high
    return contributing, evaluated
