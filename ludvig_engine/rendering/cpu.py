"""The CPU back end: a view as a sparse linear operator, computed band by band on all cores.

With A the (pixels x Gaussians) matrix of blending weights of one view:

    fold      AᵀU     Gaussians x cells, where U upsamples a feature grid bilinearly:
                      rasterize once, then uplift any number of channels
    adjoint   AᵀF     the same for full-resolution maps
    render    A v     images of any values of the Gaussians
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Bool, Float, Int
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from . import kernels
from .grid import gaps
from .project import Ellipses, project

R = TypeVar("R")
# Pixel rows of a band, unless a feature grid determines the bands.
BAND = 16


def fold(
    gaussians: Gaussians,
    camera: Camera,
    grid: tuple[int, int],
    *,
    valid: Bool[Array, "H W"] | None = None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
    threads: int = 0,
) -> csr_matrix:
    """AᵀU for a grid of h x w cells that covers the image: CSR (N, h w) float32 with row sums Σ w.

    U is bilinear upsampling with align_corners=False, so that

        fold(...) @ F.reshape(D, -1).T

    equals the per-pixel sum Σ_p w_i(p) F_up(p) over the upsampled map, the numerator of LUDVIG's
    eq. 2. Pixels where `valid` is False are left out. Raises `Cancelled`.
    """
    h, w = grid
    row_gap, row_part = gaps(camera.height, h)
    column_gap, column_part = gaps(camera.width, w)
    cell_start = np.searchsorted(column_gap, np.arange(w + 1)).astype(np.int32)
    column_part = padded(column_part)
    ellipses = project(gaussians, camera, raster, job=job, threads=threads)
    bands = Bands(ellipses, camera, row_gap)
    mask = None if valid is None else padded(valid.astype(np.float32))

    def one(band: int) -> Any:
        top, bottom = bands.rows(band)
        return kernels.fold_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            top,
            bottom,
            camera.width,
            None if mask is None else mask[top:bottom],
            row_part[top:bottom],
            cell_start,
            column_part,
            bands.constants(raster),
        )

    results = bands.run(one, job, threads)
    counts = np.zeros(len(gaussians), np.int64)
    for seen, ends, _cell, _value in results:
        kernels.count_entries(ellipses.index, seen, ends, counts)
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    indices, data = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
    fill = indptr[:-1].copy()
    for band, (seen, ends, cell, value) in enumerate(results):
        kernels.place_entries(
            ellipses.index, seen, ends, cell, value, band * w, fill, indices, data
        )
    return csr_matrix((data, indices, indptr), shape=(len(gaussians), h * w))


def adjoint(
    gaussians: Gaussians,
    camera: Camera,
    image: Float[Array, "C H W"],
    *,
    valid: Bool[Array, "H W"] | None = None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
    threads: int = 0,
) -> tuple[Float[Array, "N C"], Float[Array, " N"]]:
    """(Σ_p w_i(p) F(p), Σ_p w_i(p)) over the pixels p of the image where `valid` is not False.

    Raises ValueError if `image` does not have the camera's size.
    """
    if image.shape[1:] != (camera.height, camera.width):
        raise ValueError(
            f"map of {image.shape[1:]} pixels for a camera of {(camera.height, camera.width)}"
        )
    ellipses = project(gaussians, camera, raster, window=_window(valid), job=job, threads=threads)
    sums, totals = (
        np.zeros((len(gaussians), len(image)), np.float32),
        np.zeros(len(gaussians), np.float32),
    )
    sums[ellipses.index], totals[ellipses.index] = gather(
        ellipses, camera, image, valid=valid, raster=raster, job=job, threads=threads
    )
    return sums, totals


def gather(
    ellipses: Ellipses,
    camera: Camera,
    image: Float[Array, "C H W"],
    *,
    valid: Bool[Array, "H W"] | None = None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
    threads: int = 0,
) -> tuple[Float[Array, "M C"], Float[Array, " M"]]:
    """`adjoint` for Gaussians that are projected already, in their order."""
    bands = Bands(ellipses, camera)
    mask = None if valid is None else padded(valid.astype(np.float32))

    def one(band: int) -> Any:
        top, bottom = bands.rows(band)
        if mask is not None and not mask[top:bottom].any():
            return None
        return kernels.adjoint_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            top,
            bottom,
            camera.width,
            None if mask is None else mask[top:bottom],
            padded(image[:, top:bottom].astype(np.float32, copy=False)).transpose(1, 2, 0).copy(),
            bands.constants(raster),
        )

    count = len(ellipses.index)
    sums, totals = np.zeros((count, len(image)), np.float32), np.zeros(count, np.float32)
    for band, found in enumerate(bands.run(one, job, threads)):
        if found:
            # No Gaussian is in a band twice, so these indices are unique.
            members = bands.members_of(band)
            sums[members] += found[0]
            totals[members] += found[1]
    return sums, totals


def render(
    gaussians: Gaussians,
    camera: Camera,
    values: Float[Array, "N C"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
    threads: int = 0,
) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]:
    """(Σ_i w_i(p) value_i, Σ_i w_i(p)): the image over black, and its alpha."""
    ellipses = project(gaussians, camera, raster, job=job, threads=threads)
    return blend(ellipses, camera, values, raster=raster, job=job, threads=threads)


def blend(
    ellipses: Ellipses,
    camera: Camera,
    values: Float[Array, "N C"],
    *,
    raster: Raster = GSPLAT,
    rows: Bool[Array, " H"] | None = None,
    job: Job = SILENT,
    threads: int = 0,
) -> tuple[Float[Array, "C H W"], Float[Array, "H W"]]:
    """`render` of Gaussians that are projected already.

    Bands of BAND pixel rows that have none of `rows` are left out, and 0.
    """
    bands = Bands(ellipses, camera)
    values = np.ascontiguousarray(values, np.float32)
    image = np.zeros((values.shape[1], camera.height, camera.width), np.float32)
    alpha = np.zeros((camera.height, camera.width), np.float32)

    def one(band: int) -> None:
        top, bottom = bands.rows(band)
        if rows is not None and not rows[top:bottom].any():
            return
        part, opaque = kernels.render_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            top,
            bottom,
            camera.width,
            ellipses.index,
            values,
            bands.constants(raster),
        )
        image[:, top:bottom], alpha[top:bottom] = (
            part[:, :, : camera.width],
            opaque[:, : camera.width],
        )

    bands.run(one, job, threads)
    return image, alpha


def _window(valid: Bool[Array, "H W"] | None) -> tuple[int, int, int, int] | None:
    """The bounding box of the pixels that count, as a click is a few of a million pixels.

    It is (x0, x1, y0, y1), exclusive at the ends; None if there is no such limit.
    """
    if valid is None or not valid.any():
        return None
    rows, columns = np.flatnonzero(valid.any(1)), np.flatnonzero(valid.any(0))
    return int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1


class Bands:
    """The image cut into bands of rows, and which ellipses touch each band."""

    def __init__(
        self, ellipses: Ellipses, camera: Camera, band_of_row: Int[Array, " H"] | None = None
    ) -> None:
        band_of_row = np.arange(camera.height) // BAND if band_of_row is None else band_of_row
        self.count = int(band_of_row[-1]) + 1
        self._edges = np.searchsorted(band_of_row, np.arange(self.count + 1))
        starts, self._members = kernels.members_of_bands(
            ellipses.bounds, band_of_row.astype(np.int32), self.count
        )
        self._starts = starts

    def rows(self, band: int) -> tuple[int, int]:
        """The first pixel row of a band, and the row after its last."""
        return int(self._edges[band]), int(self._edges[band + 1])

    def members_of(self, band: int) -> Int[Array, " M"]:
        """The numbers of the ellipses that touch a band, nearest first."""
        return self._members[self._starts[band] : self._starts[band + 1]]

    @staticmethod
    def constants(raster: Raster) -> tuple[np.float32, np.float32, np.float32]:
        """The limits that the kernels take: largest alpha, smallest alpha, last transmittance."""
        return np.float32(raster.alpha_clamp), np.float32(raster.min_alpha), np.float32(raster.stop)

    def run(self, function: Callable[[int], R], job: Job, threads: int) -> list[R]:
        """`function` of every band, on threads. The job may be cancelled between bands."""
        return list(job.map(function, range(self.count), threads=threads))


def padded(image: Float[Array, "... W"]) -> Float[Array, "... V"]:
    """The last axis filled up with zeros to a multiple of `kernels.LANES`."""
    extra = -image.shape[-1] % kernels.LANES
    return (
        np.pad(image, [(0, 0)] * (image.ndim - 1) + [(0, extra)])
        if extra
        else np.ascontiguousarray(image)
    )
