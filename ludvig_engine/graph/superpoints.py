"""Superpoints: a few groups of similar, adjacent Gaussians to compute on instead of all Gaussians.

Every Gaussian joins the neighbor that is cheapest to merge with, and so do the resulting groups,
until few are left (Boruvka's rounds). The cost of merging a and b is what it adds to the variance
within groups (Ward):

    m_a m_b / (m_a + m_b) ‖x_a − x_b‖²,    m number of Gaussians, x mean feature
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ..arrays import Array, Bool, Float, Int
from ..progress import SILENT, Job, chunks
from ..stages import GROUP
from ..uplifting import Uplifted
from .neighbors import Graph, unit

# The weight of positions relative to features, both in standard deviations.
PLACE = 0.5
# How many hops features spread into Gaussians that no photo shows.
UNSEEN_STEPS = 3
# Edges in a piece of work.
EDGES = 1 << 18


@dataclass(frozen=True)
class Segments:
    """Mean features and masses (numbers of Gaussians) of S segments, and which are neighbors."""

    x: Float[Array, "S D"]
    mass: Float[Array, " S"]
    a: Int[Array, " E"]  # the two ends of each edge
    b: Int[Array, " E"]

    @classmethod
    def of(cls, graph: Graph, x: Float[Array, "N D"]) -> Segments:
        """One segment for each Gaussian."""
        rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
        one_way = rows < graph.indices
        return cls(x, np.ones(len(graph), np.float32), rows[one_way], graph.indices[one_way])

    def variance(self) -> float:
        """Σ m ‖x − mean‖², the cost of merging everything."""
        squares = float(np.einsum("s,sd,sd->", self.mass, self.x, self.x, dtype=np.float64))
        total = self.mass.astype(np.float64) @ self.x
        return squares - float(total @ total) / float(self.mass.sum(dtype=np.float64))

    def costs(self, job: Job) -> Float[Array, " E"]:
        """The cost of merging along each edge."""
        out = np.empty(len(self.a), np.float32)

        def one(part: slice) -> None:
            _costs(self.a[part], self.b[part], self.x, self.mass, out[part])

        list(job.map(one, chunks(len(out), EDGES)))
        return out

    def merged(self, into: Int[Array, " S"], count: int) -> Segments:
        """`count` larger segments: each segment becomes part of number `into`.

        Each edge appears once.
        """
        mass = np.bincount(into, self.mass, count).astype(np.float32)
        share = (self.mass / mass[into]).astype(np.float32)
        x = csr_matrix((share, into, np.arange(len(into) + 1)), shape=(len(into), count)).T @ self.x
        a, b = into[self.a], into[self.b]
        apart = a != b
        pairs = np.sort(np.minimum(a, b)[apart].astype(np.int64) * count + np.maximum(a, b)[apart])
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        return Segments(
            x, mass, (pairs // count).astype(np.int32), (pairs % count).astype(np.int32)
        )


def grouped(
    segments: Segments, *, few: int, job: Job = SILENT
) -> tuple[Int[Array, " S"], Segments]:
    """At most about `few` groups of segments: each segment's group, and the groups as segments."""
    labels = np.arange(len(segments.x), dtype=np.int32)
    while len(segments.x) > few and len(segments.a):
        job.report(GROUP, len(labels) - len(segments.x), len(labels))
        into, count = job.aside(partial(_joined, segments, segments.costs(job)))
        segments = job.aside(partial(segments.merged, into, count))
        labels = into[labels]
    return labels, segments


def contracted(
    graph: Graph, similarities: Float[Array, " E"], labels: Int[Array, " N"]
) -> csr_matrix:
    """The graph of the groups.

    The edge between two groups is the sum of all edges between their members; edges within a group
    are dropped. Diffusion on this graph is diffusion on the Gaussians with scores that are constant
    within each group, because for such scores Σ A_ij (s_i − s_j)² is the same sum.
    """
    count = int(labels.max(initial=-1)) + 1
    rows, columns = np.repeat(labels, np.diff(graph.indptr)), labels[graph.indices]
    apart = rows != columns
    return csr_matrix((similarities[apart], (rows[apart], columns[apart])), shape=(count, count))


def describe(graph: Graph, uplifted: Uplifted, points: Float[Array, "N 3"]) -> Float[Array, "N D"]:
    """The vectors whose means are compared: unit features, and positions.

    Positions have `PLACE` times the standard deviation of the features.
    """
    seen = uplifted.seen
    features = unit(uplifted.features)
    if not seen.all():
        features = _filled(graph, features, seen)
    means = points - np.median(points, axis=0)
    distance = np.linalg.norm(means, axis=1)
    typical = max(float(np.percentile(distance, 80)), 1e-12)
    # Distances beyond the 80th percentile are capped, because they make no further difference.
    means *= (np.minimum(distance, typical) / np.maximum(distance, 1e-12) / typical)[:, None]
    spread = float(np.sqrt(features.var(0).sum()))
    place = PLACE * spread * means / max(float(np.sqrt(means.var(0).sum())), 1e-12)
    return np.concatenate([features, place], 1, dtype=np.float32)


def _filled(
    graph: Graph, features: Float[Array, "N D"], seen: Bool[Array, " N"]
) -> Float[Array, "N D"]:
    """Give Gaussians that no photo shows, such as those inside things, features.

    These are the means of their neighbors' features, spread in `UNSEEN_STEPS` steps.
    """
    features, known = features.copy(), seen.copy()
    edges = graph.matrix(np.ones(len(graph.indices), np.float32))
    for _ in range(UNSEEN_STEPS):
        rows = np.flatnonzero(~known)
        weights = edges[rows].multiply(known).tocsr()
        total = np.asarray(weights.sum(1))
        features[rows] = (weights @ features) / np.maximum(total, 1)
        known[rows] = total[:, 0] > 0
    return features


def _joined(segments: Segments, cost: Float[Array, " E"]) -> tuple[Int[Array, " S"], int]:
    """The group of each segment when each joins its cheapest neighbor, and the number of groups."""
    best = cheapest(segments.a, segments.b, cost, len(segments.x))
    edges = np.unique(best[best >= 0])
    ends = segments.a[edges], segments.b[edges]
    tree = csr_matrix((np.ones(len(edges), np.int8), ends), shape=(len(segments.x),) * 2)
    count, into = connected_components(tree, directed=False)
    return into, int(count)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _costs(a, b, x, mass, out):
    for e in range(len(a)):
        i = a[e]
        j = b[e]
        total = np.float32(0)
        for d in range(x.shape[1]):
            difference = x[i, d] - x[j, d]
            total += difference * difference
        out[e] = total * (mass[i] * mass[j] / (mass[i] + mass[j]))


@njit(nogil=True, cache=True, error_model="numpy")
def cheapest(a, b, cost, count):
    """The cheapest edge of each segment (the first of equals), or −1 if it has none."""
    best = np.full(count, -1, np.int64)
    for e in range(len(a)):
        for i in (a[e], b[e]):
            if best[i] < 0 or cost[e] < cost[best[i]]:
                best[i] = e
    return best
