"""The paper's diffusions (LUDVIG, section 3.3): a flood fill, and normalized power iteration.

Both use S_ij = exp(−d_ij² / (b m²)) (graph/similarity.py) and a unary P in (0, 1]. P is how much a
Gaussian looks like the object, and keeps the seeds from leaking out of it.

The published code departs from these formulas in the flood: it divides the weight of an edge by
sums over all edges of the same *rank*, so its cut depends on N (`release_edges`). Here the cut is
an explicit `threshold` on S_ij √(P_i P_j).
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

# This is between the cuts that the published code implies at 10^5 and at 6 10^5 Gaussians.
THRESHOLD = 0.03


def seed_median(graph: Graph, seeds: Bool[Array, " N"]) -> float:
    """The median m of the feature distances between seeds and their neighbors; 0 without seeds.

    A seed is its own neighbor, at the distance 0. Of two middle values the lower one is taken.
    """
    rows = np.repeat(seeds, np.diff(graph.indptr)) & ((graph.direction & OUT) > 0)
    values = graph.distances[rows]
    if not len(values):
        return 0.0
    middle = (len(values) - 1) // 2
    return float(np.partition(values, middle)[middle])


def kept_edges(
    graph: Graph,
    unary: Float[Array, " N"],
    *,
    bandwidth: float,
    scale: float,
    threshold: float = THRESHOLD,
) -> Bool[Array, " E"]:
    """The edges with S_ij √(P_i P_j) > threshold; `scale` is m, and `bandwidth` is b.

    The logarithms of both sides are compared, which saves an exponential per edge.
    """
    with np.errstate(divide="ignore"):
        cost = -0.5 * np.log(unary.astype(np.float32))
    inverse, limit = 1 / (bandwidth * scale**2), -np.log(threshold)
    return _kept(graph.indptr, graph.indices, graph.distances, cost, inverse, limit)


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
    """Run `steps` of g ← (1 − a) g_0 + a Ã g with a = 1 − restart, for C columns of seeds at once.

    Ã = D^-½ W D^-½ with W = √P A √P and D the row sums of W. Without restart this is the paper's
    power iteration, which also normalizes g at each step. Its result is the transient at `steps`;
    its limit is √D on every connected component that has a seed.
    """
    root = np.sqrt(unary.astype(np.float32))
    row = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
    values = adjacency * root[row] * root[graph.indices]
    degree = np.bincount(row, values, len(graph)).astype(np.float32)
    scale = np.divide(1, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    values = (values * scale[row] * scale[graph.indices]).astype(np.float32)
    step = operator(graph.matrix(values))
    start = seeds.astype(np.float32)
    g: Array = start
    for _ in job.track(range(steps), DIFFUSE):
        if restart:
            g = np.float32(restart) * start + np.float32(1 - restart) * step(g, job=job)
        else:
            g = step(g / (np.linalg.norm(g, axis=0) + np.float32(1e-6)), job=job)
    return g


def release_edges(
    neighbors: Int[Array, "N K"],
    distances: Float[Array, "N K"],
    unary: Float[Array, " N"],
    *,
    bandwidth: float,
    scale: float,
    cut: float = 1e-5,
) -> tuple[Graph, Bool[Array, " E"]]:
    """The edges of the published code's flood, and the graph they belong to.

    An edge is kept if its weight over √(row sum · sum of all edges of the same rank) is above
    `cut`. `neighbours` and the feature `distances` are in order of rank, as `graph.nearest` gives
    them.
    """
    root = np.sqrt(unary)
    weights = np.exp(-(distances**2) / (bandwidth * scale**2)) * root[:, None] * root[neighbors]
    sums = weights.sum(1, keepdims=True) * weights.sum(0, keepdims=True)
    chosen = np.divide(weights, np.sqrt(sums), out=np.zeros_like(weights), where=sums > 0) > cut
    graph = build(neighbors)
    N = len(graph)
    rows = np.repeat(np.arange(N), neighbors.shape[1])[chosen.ravel()]
    columns = neighbors.ravel().astype(np.int64)[chosen.ravel()]
    # The published code adds the transpose, so an edge is kept if either direction is.
    pairs = np.concatenate([rows * N + columns, columns * N + rows])
    return graph, np.isin(np.repeat(np.arange(N), np.diff(graph.indptr)) * N + graph.indices, pairs)


@njit(nogil=True, cache=True, error_model="numpy")
def _kept(indptr, indices, distances, cost, inverse, limit):
    out = np.empty(len(indices), np.bool_)
    for i in range(len(indptr) - 1):
        for e in range(indptr[i], indptr[i + 1]):
            out[e] = distances[e] * distances[e] * inverse + cost[i] + cost[indices[e]] < limit
    return out
