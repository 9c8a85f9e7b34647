"""Diffusion with restart on the graph, by conjugate gradients.

The system is sparse, symmetric and positive definite. The paper iterates g ← A g instead, without
restart (LUDVIG, section 3.3).
"""

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

# The limit of steps. About 40 suffice for TOLERANCE; Jacobi iteration would take thousands where λ
# is small.
STEPS = 200
# The limit of the relative residual. Scores are then within about 0.01 of the exact ones.
TOLERANCE = 3e-3


@dataclass(frozen=True)
class Walk:
    """The similarities A without self edges, and their row sums."""

    step: Operator
    degree: Float[Array, " N"]

    @classmethod
    def on(cls, graph: Graph, bandwidth: float) -> Walk:
        """The walk with S_ij = exp(−d² / (b m²)), m the median feature distance of all edges."""
        values = similarities(graph, bandwidth, graph.median_distance)
        values[graph.own_edges()] = 0
        degree = np.add.reduceat(values, graph.indptr[:-1])
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
        """Minimize Σ t (s − y)² + λ Σ (s − P)² + Σ A_ij (s_i − s_j)² over the scores s, 0..1.

        y are the `labels`, t the `trust` in them, P the `unary` scores and λ the `prior`, each per
        Gaussian (λ may be one number). The iteration begins at `start` (by default P) and makes at
        most `steps` steps.
        """
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
        # The exact scores are convex combinations of y and P, so clipping only removes errors.
        return np.clip(scores, 0, 1).astype(np.float32)
