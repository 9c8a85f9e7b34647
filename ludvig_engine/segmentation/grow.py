"""Growing a selection along the graph, a ring of neighbours at a time; shrinking is growing what is not selected."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool
from ..graph.flood import flood
from ..graph.neighbors import Graph
from ..progress import SILENT, Job, chunks

INNER = 0.95  # of the edges within a selection are no longer than those it grows along


def grow(
    graph: Graph, selected: Bool[Array, " N"], *, hops: int = 1, job: Job = SILENT
) -> Bool[Array, " N"]:
    """The selection and its neighbours up to `hops` edges away, along edges no longer than its own (`reach`)."""
    kept = graph.distances <= reach(graph, selected, job=job)
    return job.aside(lambda: flood(graph, kept, selected, hops=hops)) >= 0


def shrink(
    graph: Graph, selected: Bool[Array, " N"], *, hops: int = 1, job: Job = SILENT
) -> Bool[Array, " N"]:
    """Without what is up to `hops` edges away from the rest, along edges no longer than those of the rest."""
    return ~grow(graph, ~selected, hops=hops, job=job)


def reach(graph: Graph, selected: Bool[Array, " N"], *, job: Job = SILENT) -> float:
    """How far apart the features of neighbours within the selection are: what is farther is something else.

    Infinite if the selection has no two neighbours, which says nothing about it.
    """
    found = [np.empty(0, np.float32)]
    for part in chunks(len(graph), 65536):
        job.check()
        edges = slice(graph.indptr[part.start], graph.indptr[part.stop])
        rows = np.repeat(
            np.arange(part.start, part.stop), np.diff(graph.indptr[part.start : part.stop + 1])
        )
        others = graph.indices[edges]
        found.append(graph.distances[edges][selected[rows] & selected[others] & (rows != others)])
    inner = np.concatenate(found)
    return float(np.quantile(inner, INNER)) if len(inner) else np.inf
