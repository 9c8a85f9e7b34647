"""What the views show of an object and of what is around it: silhouettes and depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..progress import SILENT, Job
from ..rendering import colours, render
from ..rendering.front import front
from ..scene import Camera, Gaussians, evenly
from ..scene.raster import Raster
from ..segmentation.creases import thickness, thinnest_axes
from ..segmentation.fronts import reduced
from ..stages import FIND_HOLES, LOOK

# The long side of the pictures in pixels, and how many: 24 of 640 tell a silhouette to a pixel of
# theirs. A million Gaussians take 2 CPU seconds in each, so of large scenes there are fewer: as
# many as draw this many Gaussians, but at least a few. 8 in place of 22 cost 0.2 dB inside.
SIDE, VIEWS = 640, 24
DRAWN, FEW = 8_000_000, 8
# A pixel shows the object if this share of it does: the rim of a silhouette tells nothing.
COVERED = 0.2
# A Gaussian whose thinnest axis is less than this share of the next is a flat piece of surface.
FLAT = 0.5


@dataclass(frozen=True)
class Sighting:
    """One view of the whole scene."""

    camera: Camera
    share: Float[Array, "H W"]  # how much of what a pixel shows is the object, 0..1
    picture: Float[Array, "3 H W"]  # its colors over black, 0..1
    # The Gaussian that is the visible surface, −1 where there is none, and its depth along the
    # camera's z axis in scene units, infinite where there is none.
    front: Int[Array, "H W"]
    depth: Float[Array, "H W"]


@dataclass(frozen=True)
class Surfels:
    """The Gaussians as pieces of surface."""

    means: Float[Array, "N 3"]
    normals: Float[Array, "N 3"]  # the direction of the least scale, up to its sign
    reach: Float[Array, " N"]  # two standard deviations of the longest axis; 0 if it is not flat

    @classmethod
    def of(cls, gaussians: Gaussians) -> Surfels:
        """What the scales and rotations say."""
        reach = np.where(thickness(gaussians) < FLAT, 2 * gaussians.scales.max(1), 0)
        return cls(gaussians.means, thinnest_axes(gaussians), reach.astype(np.float32))


def sightings(
    gaussians: Gaussians,
    selected: Bool[Array, " N"],
    cameras: Sequence[Camera],
    raster: Raster,
    job: Job = SILENT,
) -> list[Sighting]:
    """The views that show the object, spread evenly if there are many. Raises `Cancelled`."""
    surfels = Surfels.of(gaussians)
    count = min(VIEWS, max(FEW, DRAWN // len(gaussians)))
    found = []
    for camera in job.track(spread(gaussians.means[selected], cameras, count), LOOK):
        small = reduced(camera, SIDE)
        values = np.column_stack([selected, colours(gaussians, small.center)])
        image, alpha = render(gaussians, small, values, raster=raster, job=job)
        share = np.divide(image[0], alpha, out=np.zeros_like(alpha), where=alpha > 1e-3)
        picture = np.clip(image[1:], 0, 1)
        if share.max() < 0.5:
            continue
        first = job.aside(partial(front, gaussians, small, raster=raster))
        found.append(Sighting(small, share, picture, first, surface_depth(surfels, small, first)))
    return found


def depths(
    gaussians: Gaussians, sights: Sequence[Sighting], raster: Raster, job: Job = SILENT
) -> list[Float[Array, "H W"]]:
    """How deep the sights' pictures are with other Gaussians, where they show the object.

    It is infinite elsewhere. Raises `Cancelled`.
    """
    surfels = Surfels.of(gaussians)
    found = []
    for sight in job.track(sights, FIND_HOLES):
        valid = sight.share > COVERED
        first = job.aside(partial(front, gaussians, sight.camera, valid=valid, raster=raster))
        found.append(surface_depth(surfels, sight.camera, first))
    return found


def spread(points: Float[Array, "M 3"], cameras: Sequence[Camera], count: int) -> list[Camera]:
    """At most `count` of the cameras whose picture the middle of the points is in."""
    middle = np.median(points, axis=0)
    seeing = [camera for camera in cameras if len(camera.in_picture(middle[None])[0])]
    return evenly(seeing, count) if seeing else list(cameras[:count])


def surface_depth(
    surfels: Surfels, camera: Camera, first: Int[Array, "H W"]
) -> Float[Array, "H W"]:
    """Where the rays of the pixels meet the planes of the flat Gaussians that they show."""
    rows, columns = np.nonzero(first >= 0)
    index = first[rows, columns]
    rotation, shift = (part.astype(np.float32) for part in np.split(camera.viewmat[:3], [3], 1))
    inverse = np.linalg.inv(camera.K).astype(np.float32)
    x = inverse[0, 0] * (columns + np.float32(0.5)) + inverse[0, 2]
    y = inverse[1, 1] * (rows + np.float32(0.5)) + inverse[1, 2]
    centers = surfels.means[index] @ rotation.T + shift[:, 0]
    facing = surfels.normals[index] @ rotation.T
    across = facing[:, 0] * x + facing[:, 1] * y + facing[:, 2]
    plane = (facing * centers).sum(1) / np.where(np.abs(across) < 0.1, np.inf, across)
    middle, reach = centers[:, 2], surfels.reach[index]
    # A ray that grazes a Gaussian meets its plane anywhere.
    plane = np.where(np.abs(across) < 0.1, middle, plane)
    depth = np.full(first.shape, np.inf, np.float32)
    depth[rows, columns] = np.clip(plane, middle - reach, middle + reach)
    return depth
