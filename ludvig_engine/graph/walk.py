"""Diffusion with restart on the graph: a sparse, symmetric, positive definite system, by conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from ..arrays import Array, Float
from ..machine.sparse import Operator, operator
from ..progress import SILENT, Job
from ..stages import DIFFUSE
from .neighbors import Graph
from .similarity import similarities

STEPS = 200  # at most; about 40 are needed for TOLERANCE, Jacobi iteration needs thousands where λ is small
TOLERANCE = 3e-3  # of the residual: scores are then within about 0.01


@dataclass(frozen=True)
class Walk:
    """Similarities A without self edges, and their row sums."""

    step: Operator
    degree: Float[Array, " N"]

    @classmethod
    def on(cls, graph: Graph, bandwidth: float) -> Walk:
        """S_ij = exp(−d² / (b m²)), m the median feature distance over all edges."""
        rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
        similar = similarities(graph, bandwidth, median_distance(graph))
        values = np.where(rows != graph.indices, similar, 0).astype(np.float32)
        degree = np.bincount(rows, values, len(graph)).astype(np.float32)
        return cls(operator(graph.matrix(values)), degree)

    def solve(
        self,
        labels: Float[Array, " N"],
        trust: Float[Array, " N"],
        unary: Float[Array, " N"],
        *,
        prior: float | Float[Array, " N"],
        start: Float[Array, " N"] | None = None,
        tolerance: float = TOLERANCE,
        steps: int = STEPS,
        job: Job = SILENT,
    ) -> Float[Array, " N"]:
        """argmin Σ t (s − y)² + λ Σ (s − P)² + Σ A_ij (s_i − s_j)², from `start` (default: P), `steps` at most."""
        prior = np.asarray(prior, np.float32)
        total = trust + prior + self.degree
        shape = (len(total), len(total))
        system = LinearOperator(
            shape, lambda s: total * s - self.step(s, job=job), dtype=np.float32
        )
        jacobi = LinearOperator(shape, lambda r: r / total, dtype=np.float32)
        progress = iter(job.track(range(steps), DIFFUSE))
        scores, _ = cg(
            system,
            trust * labels + prior * unary,
            x0=(unary if start is None else start).astype(np.float32),
            rtol=tolerance,
            maxiter=steps,
            M=jacobi,
            callback=lambda _: next(progress, None),
        )
        return np.clip(scores, 0, 1).astype(
            np.float32
        )  # exact scores are convex combinations of y and P


def median_distance(graph: Graph) -> float:
    """Of the features, over all edges but self edges; the unit of bandwidths."""
    rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
    others = graph.distances[rows != graph.indices]
    return max(float(np.median(others)), 1e-6) if len(others) else 1.0
