"""Divides a whole scene into segments, without prompts: Ward's agglomeration on the neighbor graph.

1. Gaussians are grouped into superpoints (superpoints.py).
2. All pairs of superpoints that are each other's cheapest partner merge at once, until one is left.
   With Ward's criterion this gives the same tree as merging only the cheapest pair of all each
   time (Murtagh 1983).
3. The tree is cut where a merge would cost more than a share of the scene's total variance, so the
   number of segments depends on what is in the scene.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ..arrays import Array, Float, Int
from ..graph.superpoints import Segments, cheapest, describe, grouped
from ..progress import SILENT, Job
from ..stages import MERGE
from .prepared import Prepared

# What a merge may cost at detail 0 and at detail 1, as a share of the scene's total variance.
COARSE, FINE = 2e-2, 3e-4
FEW = 20_000  # superpoints that the tree is made of
FEWEST = 30  # Gaussians of a segment; smaller ones are floaters


def divide(prepared: Prepared, *, detail: float = 0.5, job: Job = SILENT) -> Int[Array, " N"]:
    """The segment of each Gaussian (N,): 0 is the largest, −1 a floater.

    `detail` goes from 0 (few segments) to 1 (many).
    """
    graph = prepared.graph
    start = Segments.of(
        graph, job.aside(lambda: describe(graph, prepared.uplifted, prepared.gaussians.means))
    )
    labels, groups = grouped(start, few=FEW, job=job)
    merges, costs = agglomerate(groups, job=job)
    limit = job.aside(start.variance) * COARSE * (FINE / COARSE) ** detail
    return _by_size(cut(merges, costs, len(groups.x), limit)[labels])


def agglomerate(
    segments: Segments, *, job: Job = SILENT
) -> tuple[Int[Array, "M 2"], Float[Array, " M"]]:
    """Ward's tree: the two nodes that each merge joins (M, 2), and its cost (M,).

    Nodes below S are superpoints; node S + m is the result of merge m.
    """
    total = len(segments.x)
    node = np.arange(total)  # the tree's node of each segment that is left
    made = total  # nodes so far
    merges, costs = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    while len(segments.a):
        job.check()
        job.report(MERGE, total - len(node), total)
        cost = segments.costs(job)
        best = cheapest(segments.a, segments.b, cost, len(node))
        edges = np.flatnonzero(
            (best[segments.a] == best[segments.b]) & (best[segments.a] == np.arange(len(cost)))
        )
        first, second = segments.a[edges], segments.b[edges]
        merges.append(np.stack([node[first], node[second]], 1))
        costs.append(cost[edges])
        node[first] = made + np.arange(len(edges))
        made += len(edges)
        kept = np.delete(np.arange(len(node)), second)
        into = np.empty(len(node), np.int32)
        into[kept] = np.arange(len(kept))
        into[second] = into[first]
        node, segments = node[kept], segments.merged(into, len(kept))
    return np.concatenate(merges), np.concatenate(costs)


def cut(
    merges: Int[Array, "M 2"], costs: Float[Array, " M"], count: int, limit: float
) -> Int[Array, " N"]:
    """The segments of `count` leaves if no merge, nor one before it, costs more than `limit`."""
    allowed = _allowed(merges, costs <= limit, count)
    made = count + np.flatnonzero(allowed)
    pairs = merges[allowed]
    total = count + len(merges)
    tree = csr_matrix(
        (np.ones(2 * len(made), np.int8), (pairs.T.ravel(), np.tile(made, 2))), shape=(total, total)
    )
    labels: Array = connected_components(tree, directed=False)[1][:count]
    return labels


def _by_size(labels: Int[Array, " N"]) -> Int[Array, " N"]:
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")
    number = np.full(len(sizes), -1, np.int32)
    large = order[sizes[order] >= FEWEST]
    number[large] = np.arange(len(large))
    return number[labels]


@njit(nogil=True, cache=True, error_model="numpy")
def _allowed(merges, cheap, count):
    """The merges that are cheap and follow only cheap merges."""
    out = cheap.copy()
    for m in range(len(merges)):
        for node in merges[m]:
            if node >= count and not out[node - count]:
                out[m] = False
    return out
