"""The CPU's sums over all views, one view per thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Float
from ..machine.sparse import add_product
from ..progress import SILENT, Job, chunks
from ..scene import Gaussians
from ..scene.raster import GSPLAT, Raster
from .cpu import adjoint, fold, render
from .grid import upsample
from .sights import Sight, Sums

# Channels of a residual's images at a time: images of all of them would not fit in memory.
CHANNELS = 32


def lift(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Sums:
    """Σ w F, Σ w and Σ_d W_d² over the sights, whose maps all have D channels."""
    sums = np.zeros((len(gaussians), len(sights[0].feature_map)), np.float32)
    weights, squares = np.zeros(len(gaussians), np.float32), np.zeros(len(gaussians), np.float32)

    def weigh(sight: Sight) -> tuple[Array, Array] | csr_matrix:
        camera, (h, w) = sight.camera, sight.feature_map.shape[1:]
        options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job, "threads": 1}
        if (h, w) == (camera.height, camera.width):
            return adjoint(gaussians, camera, sight.feature_map, **options)
        return fold(gaussians, camera, (h, w), **options)

    for sight, weighed in zip(sights, job.map(weigh, sights, stage), strict=True):
        if isinstance(weighed, tuple):
            part, total = weighed
            sums += part
        else:
            total = np.asarray(weighed.sum(1), np.float32)[:, 0]
            add_product(
                weighed, sight.feature_map.reshape(len(sight.feature_map), -1).T, sums, job=job
            )
        weights += total
        squares += total**2
    return Sums(sums, weights, squares)


def residual(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    features: Float[Array, "N D"],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Float[Array, "N D"]:
    """Aᵀ(F − A f) over the sights."""
    out = np.zeros_like(features)
    for sight in job.track(sights, stage):
        camera = sight.camera
        for part in chunks(features.shape[1], CHANNELS):
            image, _ = render(gaussians, camera, features[:, part], raster=raster, job=job)
            error = upsample(sight.feature_map[part], camera.height, camera.width) - image
            options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job}
            out[:, part] += adjoint(gaussians, camera, error, **options)[0]
    return out
