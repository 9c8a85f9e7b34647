"""Which Gaussian is the visible surface in each pixel: a view as a map of Gaussians."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool, Int
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from . import kernels
from .bands import Bands
from .project import project
from .tiles import window

# Blending stops at the first transmittance below a half, since what lies behind makes no
# difference. Going on to the rasterizer's limit takes 13 times as many Gaussians in fog.
HALF = np.nextafter(np.float32(0.5), np.float32(0))


def front(
    gaussians: Gaussians,
    camera: Camera,
    *,
    valid: Bool[Array, "H W"] | None = None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Int[Array, "H W"]:
    """The Gaussian at which less than half of a pixel's light is left; −1 where none is.

    It is −1 where `valid` is False, too.

    Its center is the median of what the pixel shows along its ray, which fog in front of a surface
    does not move. Raises `Cancelled`.
    """
    around = None if valid is None else window(valid)
    ellipses = project(gaussians, camera, raster, window=around, job=job, threads=0)
    bands = Bands(ellipses, camera)
    out = np.full((camera.height, camera.width), -1, np.int32)
    if not len(ellipses.index):
        return out

    clamp, min_alpha, _ = bands.constants(raster)
    limits = clamp, min_alpha, HALF

    def one(band: int) -> None:
        top, bottom = bands.rows(band)
        found = kernels.front_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            top,
            bottom,
            camera.width,
            limits,
        )
        out[top:bottom] = np.where(found < 0, -1, ellipses.index[found])

    bands.run(one, job, 0)
    return out if valid is None else np.where(valid, out, np.int32(-1))
