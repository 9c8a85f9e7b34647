"""How similar neighbors are: S_ij = exp(−d_ij² / (b m²)) on the edges of the graph.

d is the distance of unit features, m is a median of such distances, which sets the scale, and b is
the bandwidth (LUDVIG, section 3.3).
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float
from .neighbors import IN, OUT, Graph


def similarities(
    graph: Graph, bandwidth: float, scale: float | Float[Array, " N"]
) -> Float[Array, " E"]:
    """A = S + Sᵀ on the edges, with m = `scale` for all rows or m_i for each row.

    So a mutual edge counts twice, and the edge of a Gaussian to itself is 2.
    """
    per_row = np.broadcast_to(np.asarray(scale, np.float32), len(graph))
    own, other = np.repeat(per_row, np.diff(graph.indptr)), per_row[graph.indices]
    squared = graph.distances**2 / np.float32(bandwidth)
    out = np.exp(-squared / np.maximum(own, 1e-8) ** 2) * ((graph.direction & OUT) > 0)
    return out + np.exp(-squared / np.maximum(other, 1e-8) ** 2) * ((graph.direction & IN) > 0)
