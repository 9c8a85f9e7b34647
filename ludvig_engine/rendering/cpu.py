"""The CPU back end: a view as a sparse linear operator, computed band by band on all cores.

With A the (pixels x Gaussians) matrix of blending weights of one view:

    fold      AᵀU     Gaussians x cells, where U upsamples a feature grid bilinearly:
                      rasterize once, then uplift any number of channels
    weigh     Aᵀ      the weights themselves, of small pictures
    adjoint   AᵀF     the same for full-resolution maps
    render    A v     images of any values of the Gaussians
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Bool, Float, Int
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from . import counting, kernels
from .bands import Bands, padded
from .grid import gaps
from .project import Ellipses, project
from .tiles import window


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

    results, index = bands.run(one, job, threads), ellipses.index
    del ellipses, bands  # the largest things here, and not needed any more
    firsts = [band * w for band in range(len(results))]
    return _matrix(results, firsts, index, (len(gaussians), h * w))


def weigh(
    ellipses: Ellipses,
    camera: Camera,
    count: int,
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
    threads: int = 0,
) -> csr_matrix:
    """Aᵀ itself, of `count` Gaussians that are projected already: CSR (count, H W) float32.

    It takes 8 bytes for each Gaussian in each pixel, so it is for small pictures.
    """
    bands = Bands(ellipses, camera)

    def one(band: int) -> Any:
        return kernels.weigh_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            *bands.rows(band),
            camera.width,
            bands.constants(raster),
        )

    results = bands.run(one, job, threads)
    firsts = [bands.rows(band)[0] * camera.width for band in range(bands.count)]
    return _matrix(results, firsts, ellipses.index, (count, camera.height * camera.width))


def _matrix(
    results: Sequence[tuple[Array, Array, Array, Array]],
    firsts: Sequence[int],
    index: Int[Array, " M"],
    shape: tuple[int, int],
) -> csr_matrix:
    """What the bands have found, whose columns begin at `firsts`, as one matrix."""
    indptr = np.zeros(shape[0] + 1, np.int32)
    for seen, ends, _cell, _value in results:
        counting.count_entries(index, seen, ends, indptr[1:])
    np.cumsum(indptr, out=indptr)
    indices, data = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
    fill = indptr[:-1].copy()
    for first, (seen, ends, cell, value) in zip(firsts, results, strict=True):
        counting.place_entries(index, seen, ends, cell, value, first, fill, indices, data)
    return csr_matrix((data, indices, indptr), shape=shape)


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
    ellipses = project(
        gaussians,
        camera,
        raster,
        window=None if valid is None else window(valid),
        job=job,
        threads=threads,
    )
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
