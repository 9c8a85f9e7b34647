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

from ..arrays import Array, Float, Int
from ..progress import SILENT, Job, chunks
from ..stages import GROUP
from ..uplifting import Uplifted
from .contraction import edges_between, joined, one_way, spread
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
        mass = np.ones(len(graph), np.float32)
        return cls(x, mass, *one_way(graph.indptr, graph.indices))

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
        return Segments(x, mass, *edges_between(self.a, self.b, into, count))


def grouped(
    segments: Segments, *, few: int, job: Job = SILENT
) -> tuple[Int[Array, " S"], Segments]:
    """At most about `few` groups of segments: each segment's group, and the groups as segments."""
    labels = np.arange(len(segments.x), dtype=np.int32)
    while len(segments.x) > few and len(segments.a):
        job.report(GROUP, len(labels) - len(segments.x), len(labels))
        best = partial(cheapest, segments.a, segments.b, segments.costs(job), len(segments.x))
        into, count = joined(segments.a, segments.b, job.aside(best))
        segments = job.aside(partial(segments.merged, into, count))
        labels = into[labels]
    return labels, segments


@dataclass(frozen=True)
class Scale:
    """How far places are apart beside features."""

    middle: Float[Array, " 3"]
    typical: float  # distance from the middle; those beyond make no further difference
    places: float  # their spread, in typical distances
    features: float  # and that of the features

    @classmethod
    def of(cls, features: Float[Array, "N D"], points: Float[Array, "N 3"]) -> Scale:
        """The typical distance is the 80th percentile."""
        middle = np.median(points, axis=0)
        distance = np.linalg.norm(points - middle, axis=1)
        typical = max(float(np.percentile(distance, 80)), 1e-12)
        plain = cls(middle, typical, 1.0, 1.0)
        return cls(middle, typical, _spread_of(plain.placed(points)), _spread_of(features))

    def placed(self, points: Float[Array, "N 3"]) -> Float[Array, "N 3"]:
        """Places in typical distances from the middle, drawn in to 1."""
        found = points - self.middle
        distance = np.linalg.norm(found, axis=1)
        far = np.minimum(distance, self.typical) / np.maximum(distance, 1e-12) / self.typical
        found *= far[:, None]
        return found


def describe(
    graph: Graph, uplifted: Uplifted, points: Float[Array, "N 3"], scale: Scale | None = None
) -> Float[Array, "N D"]:
    """The vectors whose means are compared: unit features, and positions.

    Positions have `PLACE` times the standard deviation of the features, of these Gaussians unless a
    `scale` is given.
    """
    seen = uplifted.seen
    count, D = uplifted.features.shape
    x = np.empty((count, D + 3), np.float32)
    features = x[:, :D]
    unit(uplifted.features, out=features)
    for _ in range(0 if seen.all() else UNSEEN_STEPS):
        seen = spread(graph.indptr, graph.indices, features, seen)
    scale = scale or Scale.of(features, points)
    x[:, D:] = PLACE * scale.features * scale.placed(points) / max(scale.places, 1e-12)
    return x


def _spread_of(x: Float[Array, "N D"]) -> float:
    """The root of the variances' sum; `x.var` would take as much memory again as `x`."""
    squares = np.einsum("nd,nd->", x, x, dtype=np.float64) / max(len(x), 1)
    return float(np.sqrt(max(squares - (x.mean(0, dtype=np.float64) ** 2).sum(), 0)))


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
