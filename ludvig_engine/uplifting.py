"""Uplifting: each Gaussian's feature is the mean of the pixels that it colors, by blending weight.

    f_i = Σ_{d,p} w_i(d,p) F_d(p) / Σ_{d,p} w_i(d,p)        (LUDVIG, eq. 2)

over all views d and their pixels p. With A the (pixels x Gaussians) matrix of all weights:

    f = D⁻¹ Aᵀ F,    D = diag(Aᵀ 1)

Nothing is learned. Gaussians that no pixel sees have weight 0 and feature 0. Beyond the paper,
`refine` repeats

    f ← f + D⁻¹ Aᵀ (F − A f)

whose first step from 0 gives LUDVIG's feature and whose limit is the least-squares feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from .arrays import Array, Bool, Float
from .machine.sparse import add_product
from .progress import SILENT, Job, chunks
from .rendering import GSPLAT, Raster, adjoint, fold, render, upsample, usable
from .scene import Camera, Gaussians
from .stages import REFINE, UPLIFT


@dataclass(frozen=True)
class Sight:
    """A feature map and the camera it belongs to. Pixels where `valid` is False are ignored."""

    camera: Camera
    # The map covers the whole image, at any resolution.
    feature_map: Float[Array, "D h w"]
    valid: Bool[Array, "H W"] | None = None


@dataclass(frozen=True)
class Uplifted:
    """Features of the Gaussians, and how much evidence they rest on."""

    features: Float[Array, "N D"]
    # Σ w over all pixels of all views; 0 for Gaussians that no pixel sees.
    weights: Float[Array, " N"]
    # The effective number of views, (Σ_d W_d)² / Σ_d W_d² with W_d = Σ_p w(d,p); 0 for Gaussians
    # never seen.
    views: Float[Array, " N"]

    @property
    def seen(self) -> Bool[Array, " N"]:
        """Which Gaussians at least one pixel shows."""
        return self.weights > 0

    def confidence(self) -> Float[Array, " N"]:
        """‖f‖ n / (n + 1), 0..1, with n the effective number of views, for maps of unit-norm
        features.

        ‖f‖ falls when the pixels that a feature is averaged from disagree. The measure is
        NormLift's, not LUDVIG's.
        """
        return np.linalg.norm(self.features, axis=1) * self.views / (self.views + 1)


def uplift(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    *,
    refine: int = 0,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Uplifted:
    """Features (N, D) from the maps of all sights, which must all have D channels.

    `refine` is the number of least-squares steps after the first one (0 is LUDVIG as published).
    Raises `Cancelled`, and `EngineError` "out_of_memory" on a GPU.
    """
    sums, weights, squares = _sums(gaussians, sights, raster, job)
    features = _divided(sums, weights)
    for step in range(refine):
        correction = _residual(
            gaussians,
            sights,
            features,
            raster,
            job,
            REFINE.reading(f"Refining features, step {step + 1}"),
        )
        features += _divided(correction, weights)
    return Uplifted(features, weights, _divided(weights**2, squares))


def _sums(
    gaussians: Gaussians, sights: Sequence[Sight], raster: Raster, job: Job
) -> tuple[Array, Array, Array]:
    """Σ w F (N, D), Σ w (N,) and Σ_d W_d² (N,) over the sights, one view per thread."""
    gpu = usable(raster)
    sums = np.zeros((len(gaussians), len(sights[0].feature_map)), np.float32)
    weights, squares = np.zeros(len(gaussians), np.float32), np.zeros(len(gaussians), np.float32)

    def weigh(sight: Sight) -> tuple[Array, Array] | csr_matrix:
        camera, (h, w) = sight.camera, sight.feature_map.shape[1:]
        if gpu:
            return gpu.lift(
                gaussians, camera, sight.feature_map, valid=sight.valid, raster=raster, job=job
            )
        options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job, "threads": 1}
        if (h, w) == (camera.height, camera.width):
            return adjoint(gaussians, camera, sight.feature_map, **options)
        return fold(gaussians, camera, (h, w), **options)

    for sight, weighed in zip(
        sights, job.map(weigh, sights, UPLIFT, threads=int(bool(gpu))), strict=True
    ):
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
    return sums, weights, squares


def _residual(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    features: Array,
    raster: Raster,
    job: Job,
    stage: str,
) -> Float[Array, "N D"]:
    """Aᵀ(F − A f), for 32 channels at a time.

    Full-resolution images of all channels would not fit in memory.
    """
    out = np.zeros_like(features)
    for sight in job.track(sights, stage):
        camera = sight.camera
        for part in chunks(features.shape[1], 32):
            image, _ = render(gaussians, camera, features[:, part], raster=raster, job=job)
            error = upsample(sight.feature_map[part], camera.height, camera.width) - image
            out[:, part] += adjoint(
                gaussians, camera, error, valid=sight.valid, raster=raster, job=job
            )[0]
    return out


def _divided(sums: Float[Array, N * D], weights: Float[Array, " N"]) -> Float[Array, N * D]:
    """sums / weights, computed in place because the sums may take gigabytes.

    Where a weight is 0, so is the sum, and it stays 0.
    """
    weights = weights.reshape(-1, *[1] * (sums.ndim - 1))
    return np.divide(sums, weights, out=sums, where=weights > 0)
