"""How similar neighbors are: S_ij = exp(−d_ij² / (b m²)) on the edges of the graph.

d is the distance of unit features, m is a median of such distances, which sets the scale, and b is
the bandwidth (LUDVIG, section 3.3).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import Array, Float
from .neighbors import IN, OUT, Graph


def similarities(
    graph: Graph, bandwidth: float, scale: float | Float[Array, " N"]
) -> Float[Array, " E"]:
    """A = S + Sᵀ on the edges, with m = `scale` for all rows or m_i for each row.

    So a mutual edge counts twice, and the edge of a Gaussian to itself is 2.
    """
    widths = np.maximum(np.broadcast_to(np.asarray(scale, np.float32), len(graph)), 1e-8) ** 2
    return _similarities(
        *(graph.indptr, graph.indices, graph.direction, graph.distances),
        (-1 / (np.float32(bandwidth) * widths)).astype(np.float32),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _similarities(indptr, indices, direction, distances, factor):  # type: ignore[no-untyped-def]
    out = np.empty(len(indices), np.float32)
    for i in range(len(indptr) - 1):
        for e in range(indptr[i], indptr[i + 1]):
            squared, found = distances[e] * distances[e], np.float32(0)
            if direction[e] & OUT:
                found += np.exp(squared * factor[i])
            if direction[e] & IN:
                found += np.exp(squared * factor[indices[e]])
            out[e] = found
    return out
