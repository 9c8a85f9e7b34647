"""Superpoints: few groups of Gaussians that are alike and lie together, to compute on instead of all of them.

Every Gaussian joins the neighbour it is cheapest to merge with, and so do the groups that arise, until few are left
(Boruvka's rounds). Merging costs what it adds to the variance within groups (Ward),
    m_a m_b / (m_a + m_b) ‖x_a − x_b‖²,    m number of Gaussians, x mean feature.
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

PLACE = 0.5  # how much positions say beside features, both in standard deviations
UNSEEN_STEPS = 3  # as deep as unseen Gaussians are told what surrounds them
EDGES = 1 << 18  # of a piece of work


@dataclass(frozen=True)
class Segments:
    """Mean features and masses (numbers of Gaussians) of S segments, and which are neighbours."""

    x: Float[Array, "S D"]
    mass: Float[Array, " S"]
    a: Int[Array, " E"]  # ends of the edges
    b: Int[Array, " E"]

    @classmethod
    def of(cls, graph: Graph, x: Float[Array, "N D"]) -> Segments:
        """Each Gaussian is one."""
        rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
        one_way = rows < graph.indices
        return cls(x, np.ones(len(graph), np.float32), rows[one_way], graph.indices[one_way])

    def variance(self) -> float:
        """Σ m ‖x − mean‖², the cost of merging everything."""
        squares = float(np.einsum("s,sd,sd->", self.mass, self.x, self.x, dtype=np.float64))
        total = self.mass.astype(np.float64) @ self.x
        return squares - float(total @ total) / float(self.mass.sum(dtype=np.float64))

    def costs(self, job: Job) -> Float[Array, " E"]:
        """Of merging along each edge."""
        out = np.empty(len(self.a), np.float32)

        def one(part: slice) -> None:
            _costs(self.a[part], self.b[part], self.x, self.mass, out[part])

        list(job.map(one, chunks(len(out), EDGES)))
        return out

    def merged(self, into: Int[Array, " S"], count: int) -> Segments:
        """`count` of them: each becomes part of `into`. Edges appear once."""
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
    """At most about `few` groups of segments: the group of each, and the groups."""
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
    """The graph of the groups: between two, the sum of what is between their members; nothing within one.

    Diffusion on it is diffusion on the Gaussians whose scores are the same throughout each group: for such scores
    Σ A_ij (s_i − s_j)² is the same sum.
    """
    count = int(labels.max(initial=-1)) + 1
    rows, columns = np.repeat(labels, np.diff(graph.indptr)), labels[graph.indices]
    apart = rows != columns
    return csr_matrix((similarities[apart], (rows[apart], columns[apart])), shape=(count, count))


def describe(graph: Graph, uplifted: Uplifted, points: Float[Array, "N 3"]) -> Float[Array, "N D"]:
    """What is averaged: features and, less, position, in units of their variance."""
    seen = uplifted.seen
    features = unit(uplifted.features)
    if not seen.all():
        features = _filled(graph, features, seen)
    means = points - np.median(points, axis=0)
    distance = np.linalg.norm(means, axis=1)
    typical = max(float(np.percentile(distance, 80)), 1e-12)
    means *= (np.minimum(distance, typical) / np.maximum(distance, 1e-12) / typical)[
        :, None
    ]  # far away is far away
    spread = float(np.sqrt(features.var(0).sum()))
    place = PLACE * spread * means / max(float(np.sqrt(means.var(0).sum())), 1e-12)
    return np.concatenate([features, place], 1, dtype=np.float32)


def _filled(
    graph: Graph, features: Float[Array, "N D"], seen: Bool[Array, " N"]
) -> Float[Array, "N D"]:
    """Gaussians that no photo shows, such as those inside things, get the mean features of their neighbours."""
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
    """The group of each segment when each joins its cheapest neighbour, and how many groups that are."""
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
    """The cheapest edge of each segment, the first of equals; −1 if it has none."""
    best = np.full(count, -1, np.int64)
    for e in range(len(a)):
        for i in (a[e], b[e]):
            if best[i] < 0 or cost[e] < cost[best[i]]:
                best[i] = e
    return best
