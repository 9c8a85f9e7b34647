"""An image cut into bands of rows, the CPU's unit of work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from ..arrays import Array, Float, Int
from ..progress import Job
from ..scene import Camera
from ..scene.raster import Raster
from . import counting, kernels
from .project import Ellipses

R = TypeVar("R")
# Pixel rows of a band, unless a feature grid determines the bands.
BAND = 16


class Bands:
    """The image cut into bands of rows, and which ellipses touch each band."""

    def __init__(
        self, ellipses: Ellipses, camera: Camera, band_of_row: Int[Array, " H"] | None = None
    ) -> None:
        band_of_row = np.arange(camera.height) // BAND if band_of_row is None else band_of_row
        self.count = int(band_of_row[-1]) + 1
        self._edges = np.searchsorted(band_of_row, np.arange(self.count + 1))
        starts, self._members = counting.members_of_bands(
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
