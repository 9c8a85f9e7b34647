"""Diffusion with restart on the graph, as the solution of a sparse linear system by Jacobi iteration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Array, Float
from .diffusion import similarities
from .graph import Graph
from .progress import SILENT, Job
from .sparse import Operator, operator

STEPS = 100


@dataclass(frozen=True)
class Walk:
    """Similarities A without self edges, and their row sums."""

    step: Operator
    degree: Float[Array, " N"]

    @classmethod
    def on(cls, graph: Graph, bandwidth: float) -> Walk:
        """S_ij = exp(−d² / (b m²)), m the median feature distance over all edges."""
        rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
        others = rows != graph.indices
        median = float(np.median(graph.distances[others])) if others.any() else 1.0
        values = np.where(others, similarities(graph, bandwidth, max(median, 1e-6)), 0).astype(np.float32)
        degree = np.bincount(rows, values, len(graph)).astype(np.float32)
        return cls(operator(graph.matrix(values)), degree)

    def solve(
        self,
        labels: Float[Array, "N *C"],
        trust: Float[Array, "N *C"],
        unary: Float[Array, "N *C"],
        *,
        prior: float,
        steps: int = STEPS,
        job: Job = SILENT,
    ) -> Float[Array, "N *C"]:
        """argmin Σ t (s − y)² + λ Σ (s − P)² + Σ A_ij (s_i − s_j)². Steps are convex combinations: 0..1 stays 0..1."""
        degree = self.degree.reshape(-1, *[1] * (labels.ndim - 1))
        pull, total = trust * labels + prior * unary, trust + prior + degree
        scores = unary
        for _ in job.track(range(steps), "Diffusing"):
            scores = (pull + self.step(scores, job=job)) / total
        return scores
