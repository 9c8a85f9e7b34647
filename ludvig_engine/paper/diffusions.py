"""The paper's diffusions (LUDVIG, section 3.3): edges cut for a flood fill, and normalised power iteration.

Both use S_ij = exp(−d_ij² / (b m²)) (graph/similarity.py) and a unary P in (0, 1] that says how much a Gaussian looks like
the object and keeps the seeds from leaking.

The published code departs from these formulas in the flood: it divides an edge's weight by sums over all edges of the
same *rank*, so its cut depends on N. Here the cut is an explicit `threshold` on S √(P_i P_j); theirs: `release_edges`.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import Array, Bool, Float, Int
from ..graph.neighbors import OUT, Graph, build
from ..machine.sparse import operator
from ..progress import SILENT, Job
from ..stages import DIFFUSE

THRESHOLD = 0.03  # between the published code's implied cuts at 10^5 and 6 10^5 Gaussians


def seed_median(graph: Graph, seeds: Bool[Array, " N"]) -> float:
    """Median feature distance between the seeds and their neighbours, themselves (0) included; the lower of two."""
    rows = np.repeat(seeds, np.diff(graph.indptr)) & ((graph.direction & OUT) > 0)
    values = graph.distances[rows]
    return (
        float(np.partition(values, (len(values) - 1) // 2)[(len(values) - 1) // 2])
        if len(values)
        else 0.0
    )


def kept_edges(
    graph: Graph,
    unary: Float[Array, " N"],
    *,
    bandwidth: float,
    scale: float,
    threshold: float = THRESHOLD,
) -> Bool[Array, " E"]:
    """Where S_ij √(P_i P_j) > threshold, without computing an exponential per edge."""
    with np.errstate(divide="ignore"):
        cost = -0.5 * np.log(unary.astype(np.float32))
    return _kept(
        graph.indptr,
        graph.indices,
        graph.distances,
        cost,
        1 / (bandwidth * scale**2),
        -np.log(threshold),
    )


def diffuse(
    graph: Graph,
    adjacency: Float[Array, " E"],
    unary: Float[Array, " N"],
    seeds: Float[Array, "N C"],
    *,
    steps: int = 200,
    restart: float = 0.0,
    job: Job = SILENT,
) -> Float[Array, "N C"]:
    """`steps` of g ← (1 − a) g_0 + a Ã g, a = 1 − restart, for several columns of seeds at once.

    Ã = D^-½ W D^-½ with W = √P A √P and D its row sums. Without restart this is the paper's power iteration: what it
    gives is the transient at `steps`, and its limit is √D on every connected component that has a seed.
    """
    root = np.sqrt(unary.astype(np.float32))
    row = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
    values = adjacency * root[row] * root[graph.indices]
    degree = np.bincount(row, values, len(graph)).astype(np.float32)
    scale = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    normalised = operator(
        graph.matrix((values * scale[row] * scale[graph.indices]).astype(np.float32))
    )
    start = seeds.astype(np.float32)
    g: Array = start
    for _ in job.track(range(steps), DIFFUSE):
        if restart:
            g = np.float32(restart) * start + np.float32(1 - restart) * normalised(g, job=job)
        else:
            g = normalised(g / (np.linalg.norm(g, axis=0) + np.float32(1e-6)), job=job)
    return g


def release_edges(
    neighbours: Int[Array, "N K"],
    distances: Float[Array, "N K"],
    unary: Float[Array, " N"],
    *,
    bandwidth: float,
    scale: float,
    cut: float = 1e-5,
) -> tuple[Graph, Bool[Array, " E"]]:
    """The published code's edges, for parity: weights over √(row sum · sum of all edges of that rank) above 1e-5.

    `neighbours` and `distances` are in order of rank, as `graph.nearest` gives them.
    """
    root = np.sqrt(unary)
    weights = np.exp(-(distances**2) / (bandwidth * scale**2)) * root[:, None] * root[neighbours]
    sums = weights.sum(1, keepdims=True) * weights.sum(0, keepdims=True)
    chosen = np.divide(weights, np.sqrt(sums), out=np.zeros_like(weights), where=sums > 0) > cut
    graph = build(neighbours)
    N = len(graph)
    rows, columns = (
        np.repeat(np.arange(N), neighbours.shape[1]),
        neighbours.ravel().astype(np.int64),
    )
    rows, columns = rows[chosen.ravel()], columns[chosen.ravel()]
    pairs = np.concatenate(
        [rows * N + columns, columns * N + rows]
    )  # A + Aᵀ: kept if either direction is
    return graph, np.isin(np.repeat(np.arange(N), np.diff(graph.indptr)) * N + graph.indices, pairs)


@njit(nogil=True, cache=True, error_model="numpy")
def _kept(indptr, indices, distances, cost, inverse, limit):
    out = np.empty(len(indices), np.bool_)
    for i in range(len(indptr) - 1):
        for e in range(indptr[i], indptr[i + 1]):
            out[e] = distances[e] * distances[e] * inverse + cost[i] + cost[indices[e]] < limit
    return out
