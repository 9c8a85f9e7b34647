"""Diffusion with restart on the graph, by conjugate gradients.

The system is sparse, symmetric and positive definite. The paper iterates g ← A g instead, without
restart (LUDVIG, section 3.3).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg

from ..arrays import Array, Float, Int
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
# A click on one thing changes nothing far from it. So in graphs of at least LARGE Gaussians, if the
# residual is of less than one in FEW, steps are made there and HOPS edges around it alone, and then
# it is looked at again. Of a million, where a border moves, that takes a sixth of the time.
LARGE = 50_000
HOPS = 8
FEW = 200
# Such a part is at most one in PART of all Gaussians, and MOST of them: looking those up takes
# 0.2 s, in which the job cannot be cancelled.
PART = 16
MOST = 250_000


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
        total, wanted = trust + prior + self.degree, trust * labels + prior * unary
        scores = (unary if start is None else start).astype(np.float32)
        least, made = tolerance * float(np.linalg.norm(wanted)), 0
        if not least:  # all y and P are 0, and so are the scores
            return np.zeros_like(scores)
        step, progress = partial(self.step, job=job), iter(job.track(range(steps), DIFFUSE))
        while made < steps:
            rest = wanted - (total * scores - step(scores))
            if np.linalg.norm(rest) <= least:
                break
            near = self._near(rest, least)
            if near is None:
                scores += _solved(step, total, rest, least, steps - made, progress)[0]
                break
            rows, matrix = near
            change, more = _solved(
                matrix.dot, total[rows], rest[rows], least / 2, steps - made, progress
            )
            scores[rows] += change
            made += more
        # The exact scores are convex combinations of y and P, so clipping only removes errors.
        return np.clip(scores, 0, 1).astype(np.float32)

    def _near(
        self, rest: Float[Array, " N"], least: float
    ) -> tuple[Int[Array, " M"], csr_matrix] | None:
        """The few rows that a residual is of, and `HOPS` around them; None if they are many."""
        if len(rest) < LARGE:
            return None
        # What is less than this cannot add up to half of `least`.
        rows = np.flatnonzero(np.abs(rest) > least / (2 * len(rest) ** 0.5))
        if FEW * len(rows) > len(rest):
            return None
        return self.step.near(rows, HOPS, min(len(rest) // PART, MOST))


def _solved(
    step: Callable[[Float[Array, " M"]], Float[Array, " M"]],
    total: Float[Array, " M"],
    rest: Float[Array, " M"],
    least: float,
    most: int,
    progress: Iterator[int],
) -> tuple[Float[Array, " M"], int]:
    """The s with total s − step(s) = rest, up to a residual of length `least`.

    The second number is how many steps that took; they are at most `most`.
    """
    shape, made = (len(total), len(total)), itertools.count()

    def count(_: Float[Array, " M"]) -> None:
        next(made)
        next(progress, None)

    found: Array = cg(
        LinearOperator(shape, lambda s: total * s - step(s), dtype=np.float32),
        rest,
        rtol=0,
        atol=least,
        maxiter=most,
        M=LinearOperator(shape, lambda r: r / total, dtype=np.float32),
        callback=count,
    )[0]
    return found, next(made)
