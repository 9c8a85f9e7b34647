"""Dividing a whole scene into segments, without prompts: Ward's agglomeration on the neighbour graph.

Two neighbouring segments are merged at the cost of what it adds to the variance within segments,
    m_a m_b / (m_a + m_b) ‖x_a − x_b‖²,    m number of Gaussians, x mean feature.
1. Every Gaussian joins its cheapest neighbour, and so do the groups that arise, until few are left (Boruvka's rounds).
2. Of these all pairs that are each other's cheapest merge at once, until one is left: for Ward's criterion that gives
   the tree that merging the cheapest pair of all at a time would give (Murtagh 1983).
3. The tree is cut where merging would cost more than a share of the scene's whole variance: so the number of segments
   follows what is there.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from .arrays import Array, Bool, Float, Int
from .graph import Graph, unit
from .pipeline import Prepared
from .progress import SILENT, Job, chunks

COARSE, FINE = 2e-2, 3e-4  # of the whole variance: what a merge may cost at detail 0 and at 1
FEWEST = 30  # Gaussians of a segment; fewer are floaters
PLACE = 0.5  # how much positions say beside features, both in standard deviations
UNSEEN_STEPS = 3  # as deep as unseen Gaussians are told what surrounds them
FEW = 20_000  # groups that the tree is made of
EDGES = 1 << 18  # of a piece of work


def divide(prepared: Prepared, *, detail: float = 0.5, job: Job = SILENT) -> Int[Array, " N"]:
    """The segment of each Gaussian, the largest 0; −1 for floaters. `detail` 0..1: from few segments to many."""
    start = job.aside(lambda: Segments.of(prepared))
    labels, groups = grouped(start, job=job)
    merges, costs = agglomerate(groups, job=job)
    limit = job.aside(start.variance) * COARSE * (FINE / COARSE) ** detail
    return _by_size(cut(merges, costs, len(groups.x), limit)[labels])


@dataclass(frozen=True)
class Segments:
    """Mean features and masses (numbers of Gaussians) of S segments, and which are neighbours."""

    x: Float[Array, "S D"]
    mass: Float[Array, " S"]
    a: Int[Array, " E"]  # ends of the edges
    b: Int[Array, " E"]

    @classmethod
    def of(cls, prepared: Prepared) -> Segments:
        """Each Gaussian is one."""
        graph = prepared.graph
        rows = np.repeat(np.arange(len(graph), dtype=np.int32), np.diff(graph.indptr))
        one_way = rows < graph.indices
        return cls(_describe(prepared), np.ones(len(graph), np.float32), rows[one_way], graph.indices[one_way])

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
        return Segments(x, mass, (pairs // count).astype(np.int32), (pairs % count).astype(np.int32))


def grouped(segments: Segments, *, few: int = FEW, job: Job = SILENT) -> tuple[Int[Array, " S"], Segments]:
    """At most about `few` groups of segments: the group of each, and the groups."""
    labels = np.arange(len(segments.x), dtype=np.int32)
    while len(segments.x) > few and len(segments.a):
        job.report("Grouping", len(labels) - len(segments.x), len(labels))
        into, count = job.aside(partial(_joined, segments, segments.costs(job)))
        segments = job.aside(partial(segments.merged, into, count))
        labels = into[labels]
    return labels, segments


def agglomerate(segments: Segments, *, job: Job = SILENT) -> tuple[Int[Array, "M 2"], Float[Array, " M"]]:
    """Ward's tree: which two nodes each merge joins, and its cost. Nodes from S on are the merges before, in order."""
    total = len(segments.x)
    node, made = np.arange(total), total  # of the tree, for each present segment; nodes so far
    merges, costs = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    while len(segments.a):
        job.check()
        job.report("Merging", total - len(node), total)
        cost = segments.costs(job)
        best = _cheapest(segments.a, segments.b, cost, len(node))
        edges = np.flatnonzero((best[segments.a] == best[segments.b]) & (best[segments.a] == np.arange(len(cost))))
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


def cut(merges: Int[Array, "M 2"], costs: Float[Array, " M"], count: int, limit: float) -> Int[Array, " N"]:
    """The segments of `count` leaves when no merge may cost more than `limit`, nor follow one that did."""
    allowed = _allowed(merges, costs <= limit, count)
    made = count + np.flatnonzero(allowed)
    pairs = merges[allowed]
    total = count + len(merges)
    tree = csr_matrix((np.ones(2 * len(made), np.int8), (pairs.T.ravel(), np.tile(made, 2))), shape=(total, total))
    labels: Array = connected_components(tree, directed=False)[1][:count]
    return labels


def _describe(prepared: Prepared) -> Float[Array, "N D"]:
    """What is averaged: features and, less, position, in units of their variance."""
    seen = prepared.uplifted.seen
    features = unit(prepared.uplifted.features)
    if not seen.all():
        features = _filled(prepared.graph, features, seen)
    means = prepared.gaussians.means - np.median(prepared.gaussians.means, axis=0)
    distance = np.linalg.norm(means, axis=1)
    typical = max(float(np.percentile(distance, 80)), 1e-12)
    means *= (np.minimum(distance, typical) / np.maximum(distance, 1e-12) / typical)[:, None]  # far away is far away
    spread = float(np.sqrt(features.var(0).sum()))
    place = PLACE * spread * means / max(float(np.sqrt(means.var(0).sum())), 1e-12)
    return np.concatenate([features, place], 1, dtype=np.float32)


def _filled(graph: Graph, features: Float[Array, "N D"], seen: Bool[Array, " N"]) -> Float[Array, "N D"]:
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
    best = _cheapest(segments.a, segments.b, cost, len(segments.x))
    edges = np.unique(best[best >= 0])
    ends = segments.a[edges], segments.b[edges]
    tree = csr_matrix((np.ones(len(edges), np.int8), ends), shape=(len(segments.x),) * 2)
    count, into = connected_components(tree, directed=False)
    return into, int(count)


def _by_size(labels: Int[Array, " N"]) -> Int[Array, " N"]:
    sizes = np.bincount(labels)
    order = np.argsort(-sizes, kind="stable")
    number = np.full(len(sizes), -1, np.int32)
    large = order[sizes[order] >= FEWEST]
    number[large] = np.arange(len(large))
    return number[labels]


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _costs(a, b, x, mass, out):
    for e in range(len(a)):
        i, j, total = a[e], b[e], np.float32(0)
        for d in range(x.shape[1]):
            difference = x[i, d] - x[j, d]
            total += difference * difference
        out[e] = total * (mass[i] * mass[j] / (mass[i] + mass[j]))


@njit(nogil=True, cache=True, error_model="numpy")
def _cheapest(a, b, cost, count):
    """The cheapest edge of each segment, the first of equals; −1 if it has none."""
    best = np.full(count, -1, np.int64)
    for e in range(len(a)):
        for i in (a[e], b[e]):
            if best[i] < 0 or cost[e] < cost[best[i]]:
                best[i] = e
    return best


@njit(nogil=True, cache=True, error_model="numpy")
def _allowed(merges, cheap, count):
    """Merges whose own and all former merges are cheap."""
    out = cheap.copy()
    for m in range(len(merges)):
        for node in merges[m]:
            if node >= count and not out[node - count]:
                out[m] = False
    return out
