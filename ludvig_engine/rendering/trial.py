"""Try the rasterizer's settings on a few photos: how well does each explain them?

Only every few bands of rows are drawn, at full resolution, because blur and compensation count in
pixels: in a smaller picture they would do something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..io.sh import colours
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians, Photo
from ..scene.raster import GSPLAT, Raster
from .bands import BAND
from .cpu import blend
from .project import inside, project

# Pixels of a photo that are compared, spread over at least so many bands of rows.
PIXELS, BANDS = 40_000, 6


@dataclass(frozen=True)
class Reach:
    """What the picture and its compared rows can show, with these settings and narrower ones."""

    raster: Raster
    visible: Int[Array, " V"]  # the Gaussians in the picture, ascending
    compared: Gaussians  # those in the rows compared
    colours: Float[Array, "M 3"]

    def covers(self, raster: Raster) -> bool:
        """Whether these settings show no Gaussian that is not known here."""
        return raster.near >= self.raster.near and raster.blur <= self.raster.blur


@dataclass(frozen=True)
class Trial:
    """Gaussians and one photo of them."""

    gaussians: Gaussians
    camera: Camera
    photo: Photo
    _known: dict[Raster, float] = field(default_factory=dict, init=False, repr=False, compare=False)
    # None or one.
    _reach: list[Reach] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def empty(self) -> bool:
        """Whether nothing in the photo can be compared."""
        return self.photo.valid is not None and not self.photo.valid[self._rows].any()

    def psnr(self, raster: Raster, *, job: Job = SILENT) -> float:
        """How well the picture agrees with the photo, in dB over the rows and pixels compared."""
        if raster not in self._known:
            gaussians, seen = self._drawn(raster, job)
            ellipses = project(gaussians, self.camera, raster, job=job, threads=0)
            options: dict[str, Any] = {"raster": raster, "rows": self._rows, "job": job}
            image, _ = blend(ellipses, self.camera, seen, **options)
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
        visible = self._reaching(raster, SILENT).visible
        far = visible[~inside(self.gaussians.means[visible], self.camera, cull)]
        return bool(len(project(self.gaussians.take(far), self.camera, raster).index))

    def _drawn(self, raster: Raster, job: Job) -> tuple[Gaussians, Float[Array, "M 3"]]:
        """The Gaussians to draw, and their colors: all for the first settings, as many trials have
        no others, and choosing takes as long as drawing.
        """
        if not self._known:
            return self.gaussians, colours(self.gaussians, self.camera.center)
        reach = self._reaching(raster, job)
        return reach.compared, reach.colours

    def _reaching(self, raster: Raster, job: Job) -> Reach:
        """What matters to these settings.

        The rows compared show few of a large scene's Gaussians, and many settings are tried on
        them. A nearer near plane and a larger blur show more; compensation and culling show less.
        """
        if not self._reach or not self._reach[0].covers(raster):
            before = [raster, *(reach.raster for reach in self._reach)]
            near = min(one.near for one in before)
            blur = max(GSPLAT.blur, *(one.blur for one in before))
            widest = replace(raster, near=near, blur=blur, antialiased=False, cull=np.inf)
            ellipses = project(self.gaussians, self.camera, widest, job=job, threads=0)
            top, bottom = ellipses.bounds[:, 2:].T
            above = np.append(0, np.cumsum(self._rows))
            compared = self.gaussians.take(np.sort(ellipses.index[above[bottom] > above[top]]))
            seen = colours(compared, self.camera.center)
            self._reach[:] = [Reach(widest, np.sort(ellipses.index), compared, seen)]
        return self._reach[0]

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
