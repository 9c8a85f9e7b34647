"""The views as small maps of Gaussians, and from which side they see each: drawn once per scene.

Creases and automatic segments both ask for that, and drawing a million Gaussians in 24 views takes
some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float, Int
from ..io.shots import limited
from ..progress import SILENT, Job
from ..rendering.front import front
from ..scene import Camera, Gaussians, View, evenly
from ..scene.raster import Raster
from ..stages import GROUP

VIEWS = 24  # that are looked at, spread evenly
SIDE = 320  # pixels along the long side of small pictures


def reduced(camera: Camera, side: int = SIDE) -> Camera:
    """The camera with a picture of at most `side` pixels along its longer side."""
    return camera.resized(*limited((camera.width, camera.height), side))


@dataclass(frozen=True)
class Front:
    """A view as a map of the Gaussians that are the visible surface."""

    camera: Camera
    shown: Int[Array, "H W"]  # −1 where there is none

    def depth(self, means: Float[Array, "K 3"]) -> Float[Array, " K"]:
        """Of places, in scene units."""
        viewmat = self.camera.viewmat
        return means @ viewmat[2, :3] + viewmat[2, 3]

    def surface(
        self, means: Float[Array, "N 3"]
    ) -> tuple[Int[Array, " K"], Int[Array, " K"], Float[Array, " K"], Float[Array, "K 3"]]:
        """What is seen of K Gaussians: their numbers, pixels, area, and area times direction.

        The area is in squared scene units, and the direction points to the camera.
        """
        which, pixels = np.unique(self.shown[self.shown >= 0], return_counts=True)
        area = pixels * (self.depth(means[which]) / self.camera.K[0, 0]) ** 2
        toward = self.camera.center - means[which]
        toward /= np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-12)
        return which, pixels, area, area[:, None] * toward


def drawn(
    gaussians: Gaussians, views: Sequence[View], raster: Raster, *, job: Job = SILENT
) -> list[Front]:
    """The views, or `VIEWS` of them. Raises `Cancelled`."""
    found = []
    for view in job.track(evenly(views, VIEWS), GROUP):
        camera = reduced(view.camera)
        found.append(Front(camera, front(gaussians, camera, raster=raster, job=job)))
    return found


def facing(gaussians: Gaussians, fronts: Sequence[Front]) -> Float[Array, "N 3"]:
    """Σ area times the direction to the camera, over the views: the side that they see; float32."""
    out = np.zeros((len(gaussians), 3), np.float32)
    for one in fronts:
        which, _, _, toward = one.surface(gaussians.means)
        out[which] += toward.astype(np.float32)
    return out
