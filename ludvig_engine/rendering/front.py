"""Which Gaussian is the visible surface in each pixel: a view as a map of Gaussians."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Int
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT, Raster
from . import kernels
from .bands import Bands
from .project import project


def front(
    gaussians: Gaussians, camera: Camera, *, raster: Raster = GSPLAT, job: Job = SILENT
) -> Int[Array, "H W"]:
    """The Gaussian at which less than half of a pixel's light is left; −1 where none is.

    Its center is the median of what the pixel shows along its ray, which fog in front of a surface
    does not move. Raises `Cancelled`.
    """
    ellipses = project(gaussians, camera, raster, job=job, threads=0)
    bands = Bands(ellipses, camera)
    out = np.empty((camera.height, camera.width), np.int32)

    def one(band: int) -> None:
        top, bottom = bands.rows(band)
        found = kernels.front_band(
            bands.members_of(band),
            ellipses.geometry,
            ellipses.bounds,
            top,
            bottom,
            camera.width,
            bands.constants(raster),
        )
        out[top:bottom] = np.where(found < 0, -1, ellipses.index[found])

    bands.run(one, job, 0)
    return out
