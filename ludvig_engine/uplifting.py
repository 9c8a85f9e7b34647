"""Uplifting: each Gaussian's feature is the mean of the pixels that it colors, by blending weight.

    f_i = Σ_{d,p} w_i(d,p) F_d(p) / Σ_{d,p} w_i(d,p)        (LUDVIG, eq. 2)

over all views d and their pixels p. With A the (pixels x Gaussians) matrix of all weights:

    f = D⁻¹ Aᵀ F,    D = diag(Aᵀ 1)

Both sums are float32, added in a tree that follows from the number of views alone
(rendering/tree.py). So a run on many machines (cluster/) gives the bits that one process gives, as
long as their processors round alike.

Nothing is learned. Gaussians that no pixel sees have weight 0 and feature 0. Beyond the paper,
`refine` repeats

    f ← f + D⁻¹ Aᵀ (F − A f)

whose first step from 0 gives LUDVIG's feature and whose limit is the least-squares feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Array, Bool, Float
from .progress import SILENT, Job
from .rendering import GSPLAT, Raster, Sight, Sums, lift, residual
from .scene import Gaussians
from .stages import REFINE, UPLIFT

__all__ = ["Sight", "Uplifted", "uplift"]


@dataclass(frozen=True)
class Uplifted:
    """Features of the Gaussians, and how much evidence they rest on."""

    features: Float[Array, "N D"]
    # Σ w over all pixels of all views; 0 for Gaussians that no pixel sees.
    weights: Float[Array, " N"]
    # The effective number of views, (Σ_d W_d)² / Σ_d W_d² with W_d = Σ_p w(d,p); 0 for Gaussians
    # never seen.
    views: Float[Array, " N"]

    def __repr__(self) -> str:
        count, channels = self.features.shape
        return f"Uplifted({count:,} splats, {channels} channels, {int(self.seen.sum()):,} seen)"

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
    Raises `Cancelled`.
    """
    sums = lift(gaussians, sights, raster=raster, stage=UPLIFT, job=job)
    found = mean(sums)
    for step in range(refine):
        stage = REFINE.reading(f"Refining features, step {step + 1}")
        correction = residual(
            gaussians, sights, found.features, raster=raster, stage=stage, job=job
        )
        correct(found, correction)
    return found


def mean(sums: Sums) -> Uplifted:
    """The features that sums over all views give, eq. 2. The sums are changed in place."""
    weights = sums.weights
    return Uplifted(_divided(sums.features, weights), weights, _divided(weights**2, sums.squares))


def correct(found: Uplifted, residual: Float[Array, "N D"]) -> None:
    """A step of `refine`: add Aᵀ(F − A f) to the features, by weight. Both are changed in place."""
    np.add(found.features, _divided(residual, found.weights), out=found.features)


def _divided(sums: Float[Array, N * D], weights: Float[Array, " N"]) -> Float[Array, N * D]:
    """sums / weights, computed in place because the sums may take gigabytes.

    Where a weight is 0, so is the sum, and it stays 0.
    """
    weights = weights.reshape(-1, *[1] * (sums.ndim - 1))
    return np.divide(sums, weights, out=sums, where=weights > 0)
