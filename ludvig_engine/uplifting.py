"""Uplifting: every Gaussian's feature is the mean of the pixels it colours, by its blending weights (LUDVIG, eq. 2).

    f_i = Σ_{d,p} w_i(d,p) F_d(p) / Σ_{d,p} w_i(d,p)        or, with A the weights of all pixels, f = D⁻¹ Aᵀ F

Nothing is learned. Gaussians no pixel sees have weight 0 and feature 0. Beyond the paper, `refine` repeats
f ← f + D⁻¹Aᵀ(F − A f), whose first step from 0 is LUDVIG and whose limit is the least-squares feature.
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
    """A feature map and the camera it belongs to; pixels where `valid` is False are ignored."""

    camera: Camera
    feature_map: Float[Array, "D h w"]  # covers the image; any resolution
    valid: Bool[Array, "H W"] | None = None


@dataclass(frozen=True)
class Uplifted:
    """Features of the Gaussians and the evidence they rest on."""

    features: Float[Array, "N D"]
    weights: Float[Array, " N"]  # Σ w over all pixels of all views; 0: never seen
    views: Float[Array, " N"]  # effective number of views, (Σ_d W_d)² / Σ_d W_d², 0 if never seen

    @property
    def seen(self) -> Bool[Array, " N"]:
        """The Gaussians that some pixel of some view shows."""
        return self.weights > 0

    def confidence(self) -> Float[Array, " N"]:
        """‖f‖ n / (n + 1) in 0..1 with n the effective number of views, for unit-norm feature maps.

        ‖f‖ falls when the pixels that make up a feature disagree (NormLift).
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
    """Features (N, D) from the maps of all sights, which must agree in D."""
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
    """Σ w F (N, D), Σ w (N,) and Σ_d W_d² (N,) over the sights, a view per thread."""
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
    """Aᵀ(F − A f), 32 channels at a time: full-resolution images of all would not fit."""
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
    """sums / weights, in place, as there may be gigabytes; where the weight is 0 the sum is, too."""
    weights = weights.reshape(-1, *[1] * (sums.ndim - 1))
    return np.divide(sums, weights, out=sums, where=weights > 0)
