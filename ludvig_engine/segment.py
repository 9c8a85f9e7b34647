"""From prompts to a segment: what the prompts show, what looks like it, and how both spread along the graph.

1. Evidence: paint lifted to the Gaussians, positive and negative weight (prompts.lift).
2. Unary P: logistic regression on the uplifted features, trained on the Gaussians with evidence (unary.logistic).
3. Diffusion with restart: the scores s that minimise
       Σ_i e_i (s_i − y_i)² + λ Σ_i (s_i − P_i)² + Σ_ij A_ij (s_i − s_j)²
   with evidence y_i of weight e_i and feature similarities A_ij: a random walk on LUDVIG's graph that restarts at the
   prompts and at P. The problem is convex with one answer in 0..1; bare power iteration depends on when it stops.
4. Regularisation, bandwidth, prior and threshold by agreement with the prompts, reprojected onto their own view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .arrays import Array, Bool, Float
from .errors import EngineError
from .pipeline import Prepared
from .progress import SILENT, Job
from .prompts import Evidence, Paint, lift, merged
from .render import GSPLAT, Raster
from .unary import logistic
from .walk import Walk

THRESHOLD = 0.5


@dataclass(frozen=True)
class Options:
    """What may be fixed instead of found."""

    diffusion: bool = True
    threshold: float | None = None  # scores above it are selected
    C: float = 0.01  # inverse regularisation of the logistic regression
    bandwidth: float = 4.0  # of the feature similarities, in squared median distances
    prior: float = 0.1  # λ


@dataclass(frozen=True)
class Segment:
    """Scores in 0..1 in the engine's order, and the selection they give."""

    scores: Float[Array, " N"]
    threshold: float
    how: str  # where the threshold comes from
    parameters: dict[str, float]
    evidence: dict[str, float]
    notes: tuple[str, ...] = field(default=())

    @property
    def selected(self) -> Bool[Array, " N"]:
        return self.scores > self.threshold


DEFAULT = Options()


def segment(
    prepared: Prepared,
    paints: Sequence[Paint],
    *,
    options: Options = DEFAULT,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Segment:
    """Find the object. Raises `EngineError` "bad_input" if the prompts show no Gaussian."""
    paints = merged(paints)
    evidence = lift(prepared.gaussians, paints, raster=raster, job=job)
    if not evidence.positive.any():
        raise EngineError(
            "bad_input",
            "No Gaussian is visible under the prompts that say yes.",
            ["Click on a part of the object that the splats show."],
        )
    P = _unary(prepared, evidence, options)
    scores = P
    if options.diffusion:
        walk = Walk.on(prepared.graph, options.bandwidth)
        scores = walk.solve(evidence.share, _trust(evidence), P, prior=options.prior, job=job)
    threshold = THRESHOLD if options.threshold is None else options.threshold
    return Segment(scores, threshold, "given" if options.threshold is not None else "default", {}, {})


def _unary(prepared: Prepared, evidence: Evidence, options: Options) -> Float[Array, " N"]:
    total = evidence.total
    rows = np.flatnonzero(total > 0)
    weights = total[rows] / total[rows].mean()
    return logistic(prepared.uplifted.features, evidence.share[rows] > 0.5, weights, rows, C=options.C)


def _trust(evidence: Evidence) -> Float[Array, " N"]:
    """How much a Gaussian's evidence weighs against its neighbours: up to 1, less for what was hardly seen."""
    total = evidence.total
    return np.minimum(total / np.median(total[total > 0]), 1)
