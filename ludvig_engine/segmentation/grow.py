"""Grows a selection along the graph, one ring of neighbors at a time.

To shrink a selection is to grow what is not selected.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool, Float
from ..graph.flood import flood
from ..graph.neighbors import Graph
from ..progress import SILENT, Job, chunks

# A selection grows along edges that are no longer than this quantile of the edges within it.
INNER = 0.95


def grow(
    graph: Graph, selected: Bool[Array, " N"], *, hops: int = 1, job: Job = SILENT
) -> Bool[Array, " N"]:
    """Add neighbors up to `hops` edges away, on edges no longer than the selection's (`reach`)."""
    distances = job.aside(lambda: graph.distances)
    kept = distances <= reach(graph, distances, selected, job=job)
    return job.aside(lambda: flood(graph, kept, selected, hops=hops)) >= 0


def shrink(
    graph: Graph, selected: Bool[Array, " N"], *, hops: int = 1, job: Job = SILENT
) -> Bool[Array, " N"]:
    """Remove what is up to `hops` edges from the rest, on edges no longer than the rest's own."""
    return ~grow(graph, ~selected, hops=hops, job=job)


def reach(
    graph: Graph, distances: Float[Array, " E"], selected: Bool[Array, " N"], *, job: Job = SILENT
) -> float:
    """The feature distance beyond which a neighbor of the selection is something else.

    It is the quantile `INNER` of the edges' `distances` within the selection, and infinite if no
    two of the selected Gaussians are neighbors.
    """
    found = [np.empty(0, np.float32)]
    for part in chunks(len(graph), 65536):
        job.check()
        edges = slice(graph.indptr[part.start], graph.indptr[part.stop])
        rows = np.repeat(
            np.arange(part.start, part.stop), np.diff(graph.indptr[part.start : part.stop + 1])
        )
        others = graph.indices[edges]
        found.append(distances[edges][selected[rows] & selected[others] & (rows != others)])
    inner = np.concatenate(found)
    return float(np.quantile(inner, INNER)) if len(inner) else np.inf
