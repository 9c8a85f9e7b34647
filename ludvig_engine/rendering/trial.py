"""Try the rasterizer's settings on a few photos: how well does each explain them?

Only every few bands of rows are drawn, at full resolution, because blur and compensation count in
pixels: in a smaller picture they would do something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float
from ..io.sh import colours
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians, Photo
from ..scene.raster import Raster
from .bands import BAND
from .cpu import blend
from .project import inside, project

# Pixels of a photo that are compared, spread over at least so many bands of rows.
PIXELS, BANDS = 40_000, 6


@dataclass(frozen=True)
class Trial:
    """Gaussians and one photo of them."""

    gaussians: Gaussians
    camera: Camera
    photo: Photo
    _known: dict[Raster, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def empty(self) -> bool:
        """Whether nothing in the photo can be compared."""
        return self.photo.valid is not None and not self.photo.valid[self._rows].any()

    def psnr(self, raster: Raster, *, job: Job = SILENT) -> float:
        """How well the picture agrees with the photo, in dB over the rows and pixels compared."""
        if raster not in self._known:
            ellipses = project(self.gaussians, self.camera, raster, job=job, threads=0)
            options: dict[str, Any] = {"raster": raster, "rows": self._rows, "job": job}
            image, _ = blend(ellipses, self.camera, self._colours, **options)
            picture = np.clip(image.transpose(1, 2, 0), 0, 1)
            self._known[raster] = psnr(picture, self.photo, self._rows)
        return self._known[raster]

    def depths(self, nearest: float, farthest: float) -> Float[Array, " M"]:
        """The depths of the Gaussians in the picture between these two, ascending."""
        turn, shift = self.camera.viewmat[2, :3], self.camera.viewmat[2, 3]
        depth = self.gaussians.means @ turn.astype(np.float32) + np.float32(shift)
        between = self.gaussians.take((depth > nearest) & (depth < farthest))
        return project(between, self.camera, Raster(near=nearest)).geometry[:, 7]

    def beside(self, raster: Raster, cull: float) -> bool:
        """Whether a Gaussian whose center lies so far beside the picture reaches into it."""
        far = ~inside(self.gaussians.means, self.camera, cull)
        return bool(len(project(self.gaussians.take(far), self.camera, raster).index))

    @cached_property
    def _colours(self) -> Float[Array, "N 3"]:
        return colours(self.gaussians, self.camera.center)

    @cached_property
    def _rows(self) -> Bool[Array, " H"]:
        band = np.arange(self.camera.height) // BAND
        count = int(band[-1]) + 1
        every = min(self.camera.width * self.camera.height // PIXELS, count // BANDS)
        return band % max(every, 1) == max(every, 1) // 2


def psnr(
    image: Float[Array, "H W 3"], photo: Photo, rows: Bool[Array, " H"] | None = None
) -> float:
    """Peak signal-to-noise ratio in dB over the photo's valid pixels, for values in 0..1.

    NaN if none of them is valid.
    """
    rows = np.ones(len(image), bool) if rows is None else rows
    error = (image[rows] - photo.pixels[rows]) ** 2
    error = error if photo.valid is None else error[photo.valid[rows]]
    return float(-10 * np.log10(max(float(error.mean()), 1e-10))) if error.size else float("nan")
