"""How similar neighbors are: S_ij = exp(−d_ij² / (b m²)) on the edges of the graph.

d is the distance of unit features, m is a median of such distances, which sets the scale, and b is
the bandwidth (LUDVIG, section 3.3).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..arrays import Array, Float
from ..progress import SILENT, chunks
from .neighbors import IN, ROWS, Graph


def similarities(
    graph: Graph, bandwidth: float, scale: float | Float[Array, " N"]
) -> Float[Array, " E"]:
    """A = S + Sᵀ on the edges, with m = `scale` for all rows or m_i for each row.

    So a mutual edge counts twice, and the edge of a Gaussian to itself is 2.
    """
    out = np.empty(len(graph.indices), np.float32)
    widths = np.maximum(np.broadcast_to(np.asarray(scale, np.float32), len(graph)), 1e-8) ** 2
    factor = (-1 / (np.float32(bandwidth) * widths)).astype(np.float32)
    distances = graph.distances  # once, because a large graph does not keep them

    def one(part: slice) -> None:
        _similarities(
            *(graph.indptr, graph.indices, graph.direction, distances),
            *(factor, out, part.start, part.stop),
        )

    list(SILENT.map(one, chunks(len(graph), ROWS)))
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def _similarities(  # type: ignore[no-untyped-def]
    indptr, indices, direction, distances, factor, out, start, stop
):
    for i in range(start, stop):
        for e in range(indptr[i], indptr[i + 1]):
            squared, j = distances[e] * distances[e], indices[e]
            if direction[e] == IN:
                out[e] = np.exp(squared * factor[j])
                continue
            out[e] = np.exp(squared * factor[i])
            if direction[e] & IN:
                # The same exponential again, unless rows have scales of their own.
                out[e] += out[e] if factor[j] == factor[i] else np.exp(squared * factor[j])
