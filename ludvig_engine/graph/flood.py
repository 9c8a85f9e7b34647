"""What is connected: a flood fill over the edges that are kept, or through some Gaussians."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse.csgraph import connected_components

from ..arrays import Array, Bool, Int
from .neighbors import Graph


def flood(
    graph: Graph, kept: Bool[Array, " E"], seeds: Bool[Array, " N"], *, hops: int = 100
) -> Int[Array, " N"]:
    """The number of hops from the nearest seed through kept edges; −1 if it is more than `hops`.

    A seed whose own edge (from itself to itself) is not kept does not count: its P is below the
    threshold.
    """
    reached = np.full(len(graph), -1, np.int32)
    own = graph.indices == np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
    alive = np.zeros(len(graph), bool)
    alive[graph.indices[own & kept]] = True
    _flood(
        graph.indptr,
        graph.indices,
        kept,
        np.flatnonzero(seeds & alive).astype(np.int32),
        reached,
        hops,
    )
    return reached


def connected(graph: Graph, among: Bool[Array, " N"], seeds: Int[Array, " K"]) -> Bool[Array, " N"]:
    """What of `among` is connected with any of the seeds that are in it, through it alone."""
    rows = np.flatnonzero(among)
    edges = graph.matrix(graph.direction)[rows][:, rows]
    _, part = connected_components(edges, directed=False)
    found = np.zeros(len(graph), bool)
    found[rows] = np.isin(part, part[np.isin(rows, seeds)])
    return found


@njit(nogil=True, cache=True, error_model="numpy")
def _flood(indptr, indices, kept, frontier, reached, hops):
    for i in frontier:
        reached[i] = 0
    for hop in range(1, hops + 1):
        found, count = np.empty(1024, np.int32), 0
        for i in frontier:
            for e in range(indptr[i], indptr[i + 1]):
                j = indices[e]
                if kept[e] and reached[j] < 0:
                    reached[j] = hop
                    if count == len(found):
                        longer = np.empty(2 * count, np.int32)
                        longer[:count] = found
                        found = longer
                    found[count] = j
                    count += 1
        if count == 0:
            break
        frontier = found[:count]
