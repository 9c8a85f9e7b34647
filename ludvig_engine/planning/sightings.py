"""What candidates see: the blending weights of every Gaussian in every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering.cpu import gather
from ..rendering.project import project
from ..scene import Camera, Gaussians
from ..scene.raster import Raster
from ..stages import PLAN

FOG = 0.1  # how much of what a picture shows may be right before the lens
NEAR = 0.05  # the near plane, as a share of what is right before the lens
EMPTY = 0.02  # a picture that shows less than this, as a share of its pixels, is empty


@dataclass(frozen=True)
class Sightings:
    """What V views show of N Gaussians."""

    weights: Float[Array, "V N"]  # Σ of the blending weights over the pixels, in pixels
    shares: Float[Array, "V N"]  # the same, as a share of what it would be if nothing was in front
    clear: Bool[Array, " V"]  # whether the view shows something, and nothing is before its lens

    @property
    def best(self) -> Float[Array, " N"]:
        """How much of each Gaussian arrives in the clear view that shows most of it."""
        found: Float[Array, " N"] = self.shares[self.clear].max(0, initial=0)
        return found


def sightings(
    gaussians: Gaussians,
    cameras: Sequence[Camera],
    nearest: float,
    *,
    job: Job = SILENT,
) -> Sightings:
    """What the cameras see. What is nearer than `nearest`, in scene units, is before the lens."""
    raster = Raster(near=NEAR * nearest)

    def one(camera: Camera) -> tuple[Array, Array, bool]:
        ellipses = project(gaussians, camera, raster)
        pixels = np.ones((1, camera.height, camera.width), np.float32)
        _, found = gather(ellipses, camera, pixels, raster=raster, threads=1)
        total = float(found.sum())
        near = float(found[ellipses.geometry[:, 7] < nearest].sum())
        clear = total >= EMPTY * camera.width * camera.height and near <= FOG * total
        weights, shares = np.zeros((2, len(gaussians)), np.float32)
        weights[ellipses.index] = found
        shares[ellipses.index] = found / np.maximum(ellipses.footprint, 1e-6)
        return weights, shares, clear

    found = list(job.map(one, cameras, PLAN))
    weights, shares, clear = (list(values) for values in zip(*found, strict=True))
    return Sightings(np.array(weights), np.array(shares), np.array(clear, bool))
