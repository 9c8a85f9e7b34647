"""How much of each Gaussian is inside an object's silhouettes, and in which direction inside is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import adjoint
from ..scene import Camera, Gaussians
from ..scene.raster import Raster
from ..stages import SPLIT
from .sightings import Sighting

# How far around a silhouette weights are summed, as a share of the square root of its pixels.
AROUND = 0.3

# How far around the object's box something can be part of it, as a share of the box's diagonal.
BESIDE = 0.03


@dataclass(frozen=True)
class Footprints:
    """Sums over all views, of the pixels in and around the silhouettes."""

    inside: Float[Array, " N"]  # Σ w where the object is seen, in pixels
    outside: Float[Array, " N"]  # Σ w around it
    # Where the inside is, seen from the outside, in scene units: the mean over the views of the way
    # between the centers of both parts of the footprint.
    inward: Float[Array, "N 3"]
    steady: Float[Array, " N"]  # how much the views agree about that, 0..1
    apart: Float[Array, " N"]  # the mean length of that way in the pictures, in pixels
    views: Float[Array, "V N"]  # Σ w of each view alone, inside and around together, in pixels

    @property
    def share(self) -> Float[Array, " N"]:
        """Which part of the Gaussian draws the object, 0..1; 0 of what is not seen."""
        found: Array = self.inside / np.maximum(self.inside + self.outside, 1e-9)
        return found


def footprints(
    gaussians: Gaussians, sights: Sequence[Sighting], raster: Raster, job: Job = SILENT
) -> Footprints:
    """What the views say about each Gaussian. Raises `Cancelled`."""
    count = len(gaussians)
    inside, outside, ways, lengths, pixels = (np.zeros(count, np.float64) for _ in range(5))
    inward = np.zeros((count, 3))
    views = []
    for sight in job.track(sights, SPLIT):
        silhouette = sight.share > 0.5
        sums, total = adjoint(
            gaussians,
            sight.camera,
            _moments(silhouette),
            valid=around(silhouette),
            raster=raster,
            job=job,
        )
        views.append(total.astype(np.float32))
        within = sums[:, 0]
        beyond = np.maximum(total - within, 0)
        inside += within
        outside += beyond
        both = np.flatnonzero((within > 1e-3) & (beyond > 1e-3))
        way = sums[both, 1:3] / within[both, None]
        way -= (sums[both, 3:5] - sums[both, 1:3]) / beyond[both, None]
        # The more of both parts a view shows, the more it says.
        weight = within[both] * beyond[both] / (within[both] + beyond[both])
        step = _in_space(gaussians.means[both], way, sight.camera)
        inward[both] += weight[:, None] * step
        ways[both] += weight
        lengths[both] += weight * np.linalg.norm(step, axis=1)
        pixels[both] += weight * np.linalg.norm(way, axis=1)
    return Footprints(
        inside.astype(np.float32),
        outside.astype(np.float32),
        (inward / np.maximum(ways, 1e-12)[:, None]).astype(np.float32),
        (np.linalg.norm(inward, axis=1) / np.maximum(lengths, 1e-12)).astype(np.float32),
        (pixels / np.maximum(ways, 1e-12)).astype(np.float32),
        np.stack(views),
    )


def close(points: Float[Array, "N 3"], own: Float[Array, "M 3"]) -> Bool[Array, " N"]:
    """What is in the box of the object's Gaussians; a hundredth on each side do not count."""
    if not len(own):
        return np.zeros(len(points), bool)
    low, high = np.percentile(own, [1, 99], axis=0)
    margin = BESIDE * np.linalg.norm(high - low)
    found: Array = ((points > low - margin) & (points < high + margin)).all(1)
    return found


def _moments(silhouette: Bool[Array, "H W"]) -> Float[Array, "5 H W"]:
    """What is summed: 1, x and y inside the silhouette, and x and y everywhere."""
    height, width = silhouette.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x -= width / 2
    y -= height / 2
    return np.stack([silhouette, x * silhouette, y * silhouette, x, y]).astype(np.float32)


def around(silhouette: Bool[Array, "H W"]) -> Bool[Array, "H W"]:
    """The pixels in and around a silhouette in which weights are summed."""
    reach = AROUND * np.sqrt(silhouette.sum()) + 4
    found: Array = ndimage.distance_transform_edt(~silhouette) <= reach
    return found


def _in_space(
    means: Float[Array, "P 3"], way: Float[Array, "P 2"], camera: Camera
) -> Float[Array, "P 3"]:
    """Steps in the picture, as steps in the world at the depth of the Gaussians."""
    depth = means @ camera.viewmat[2, :3] + camera.viewmat[2, 3]
    x, y = way[:, 0] / camera.K[0, 0] * depth, way[:, 1] / camera.K[1, 1] * depth
    found: Array = x[:, None] * camera.viewmat[0, :3] + y[:, None] * camera.viewmat[1, :3]
    return found
