"""The k-nearest-neighbor graph of the Gaussians' centers, with feature distances on its edges.

N(i), the neighborhood of i, is not symmetric, but the graph is: row i lists every j with j ∈ N(i)
or i ∈ N(j), ascending, including i itself (a Gaussian is its own nearest neighbor). With Gaussians
in Morton order all this is faster; the result does not depend on it.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from ..arrays import Array, Float, Int, UInt8
from ..progress import SILENT, Job, chunks
from ..stages import GRAPH

# The direction of an edge seen from its row i: j ∈ N(i) is OUT, i ∈ N(j) is IN.
OUT, IN = 1, 2
ROWS = 65536  # Gaussians in a piece of work
# Distances take 76 bytes for each Gaussian. In larger graphs they are computed each time, in 0.2 s
# of CPU time for a million Gaussians: by a scene's first click four times, by later ones never, and
# whenever a selection is grown.
KEPT = 1 << 22


@dataclass(frozen=True)
class Graph:
    """Symmetric adjacency in CSR form: E edges, each stored in the rows of both its ends."""

    indptr: Int[Array, " N1"]  # int64
    indices: Int[Array, " E"]  # int32
    direction: UInt8[Array, " E"]  # OUT, IN or both
    features: Float[Array, "N D"] | None = None
    # In graphs of at most `KEPT` Gaussians; see `distances`.
    kept: Float[Array, " E"] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __repr__(self) -> str:
        return f"Graph({len(self):,} splats, {len(self.indices):,} edges)"

    def with_features(self, features: Float[Array, "N D"], *, job: Job = SILENT) -> Graph:
        """The same graph, with the distances ‖x_i − x_j‖ of L2-normalized features on its edges.

        The features must not change afterwards.
        """
        found = replace(self, features=features, kept=None)
        return found if len(self) > KEPT else replace(found, kept=found._computed(job))

    @property
    def distances(self) -> Float[Array, " E"]:
        """Between the L2-normalized features of both ends, float32; 0 as long as there are none."""
        return self._computed(SILENT) if self.kept is None else self.kept

    def _computed(self, job: Job) -> Float[Array, " E"]:
        features = self.features
        if features is None:
            return np.zeros(len(self.indices), np.float32)
        inverse = job.aside(lambda: (1 / _lengths(features)).astype(np.float32))
        return edge_distances(self, features, inverse, job=job)

    @cached_property
    def median_distance(self) -> float:
        """The median feature distance of edges to others, which is the unit of bandwidths."""
        others = np.delete(self.distances, self.own_edges())
        return max(float(np.median(others, overwrite_input=True)), 1e-6) if len(others) else 1.0

    def own_edges(self) -> Int[Array, " N"]:
        """Where each Gaussian's edge to itself is among the edges."""
        return _own_edges(self.indptr, self.indices)

    def matrix(self, values: Float[Array, " E"] | UInt8[Array, " E"]) -> csr_matrix:
        """The sparse (N, N) matrix with these values on the edges."""
        return csr_matrix((values, self.indices, self.indptr), shape=(len(self), len(self)))


def unit(
    features: Float[Array, "N D"], out: Float[Array, "N D"] | None = None
) -> Float[Array, "N D"]:
    """Rows scaled to length 1, in `out` if given. Rows of zeros (Gaussians never seen) stay 0."""
    found: Array = np.divide(features, _lengths(features)[:, None], out=out)
    return found


def _lengths(features: Float[Array, "N D"]) -> Float[Array, " N"]:
    # `np.linalg.norm` takes as much memory again as the features.
    return np.maximum(np.sqrt(np.einsum("nd,nd->n", features, features)), 1e-8)


def nearest(points: Float[Array, "N 3"], k: int, *, job: Job = SILENT) -> Int[Array, "N K"]:
    """The exact k nearest neighbors of each point: k + 1 columns, with the point itself first.

    There are fewer columns if there are fewer points.
    """
    tree = job.aside(lambda: cKDTree(points, balanced_tree=False, compact_nodes=False))
    k1 = min(k + 1, len(points))
    out = np.empty((len(points), k1), np.int32)

    def one(rows: slice) -> None:
        out[rows] = tree.query(points[rows], k1)[1].reshape(-1, k1)
        # Of several points in the same place, the tree may return any first, so put the point
        # itself there.
        late = rows.start + np.flatnonzero(out[rows, 0] != np.arange(rows.start, rows.stop))
        found, own = out[late], late[:, None]
        found = np.where(
            (found == own).any(1, keepdims=True), found, np.concatenate([own, found[:, :-1]], 1)
        )
        out[late] = np.take_along_axis(found, np.argsort(found != own, axis=1, kind="stable"), 1)

    for _ in job.map(one, chunks(len(points), max(256, 2**20 // k1)), GRAPH):
        pass
    return out


def build(neighbors: Int[Array, "N K"]) -> Graph:
    """The symmetric graph of a table of neighbors. Its distances are 0 until `with_features`."""
    count, k = neighbors.shape
    most = 2 * neighbors.size
    indices, direction = np.empty(most, np.int32), np.empty(most, np.uint8)
    indptr, used = np.zeros(count + 1, np.int64), 0
    starts, incoming = _incoming(neighbors)

    def one(rows: slice) -> slice:
        # Where these rows' edges begin if none of the rows before has a mutual one.
        first = k * rows.start + int(starts[rows.start])
        found = _symmetric(
            *(neighbors, starts, incoming, rows.start, rows.stop),
            *(indices[first:], direction[first:], indptr[1:]),
        )
        return slice(first, first + found)

    for found in SILENT.map(one, chunks(count, ROWS)):
        there = slice(used, used + found.stop - found.start)
        indices[there], direction[there] = indices[found], direction[found]
        used = there.stop
    np.cumsum(indptr, out=indptr)
    # Two edges in three are mutual, so a third is left over. Resizing gives that back in place.
    indices.resize(used, refcheck=False)
    direction.resize(used, refcheck=False)
    return Graph(indptr, indices, direction)


def edge_distances(
    graph: Graph,
    x: Float[Array, "N D"],
    scale: Float[Array, " N"] | None = None,
    *,
    job: Job = SILENT,
) -> Float[Array, " E"]:
    """The distance ‖c_i x_i − c_j x_j‖ of every edge, with the rows' `scale` c; None: 1.

    Unit rows, made beforehand, would be the largest thing in memory.
    """
    out = np.empty(len(graph.indices), np.float32)
    x = np.ascontiguousarray(x, np.float32)
    scale = np.ones(len(x), np.float32) if scale is None else scale
    rows = chunks(len(graph), ROWS)
    list(
        job.map(
            lambda part: _edge_distances(
                graph.indptr, graph.indices, x, scale, out, part.start, part.stop
            ),
            rows,
        )
    )
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def _incoming(neighbors):
    """The transpose of the table: `starts` (N + 1,) and the rows that name each row, ascending."""
    N, k = neighbors.shape
    starts = np.zeros(N + 1, np.int64)
    for i in range(N):
        for j in neighbors[i]:
            starts[j + 1] += 1
    starts = np.cumsum(starts)
    incoming, fill = np.empty(N * k, np.int32), starts[:-1].copy()
    for i in range(N):
        for j in neighbors[i]:
            incoming[fill[j]] = i
            fill[j] += 1
    return starts, incoming


@njit(nogil=True, cache=True, error_model="numpy")
def _symmetric(neighbors, starts, incoming, first, stop, indices, direction, lengths):
    """The union of some rows of the table and of its transpose, by merging two ascending lists.

    Fills `indices` and `direction` from their beginning and `lengths` at the rows; returns how many
    edges there are.
    """
    N, k = neighbors.shape
    used, own = 0, np.empty(k, np.int32)
    for i in range(first, stop):
        own[:] = neighbors[i]
        own.sort()
        before = used
        a, b = 0, starts[i]
        while a < k or b < starts[i + 1]:
            out = own[a] if a < k else N
            into = incoming[b] if b < starts[i + 1] else N
            indices[used] = min(out, into)
            direction[used] = (1 if out <= into else 0) | (2 if into <= out else 0)
            a += out <= into
            b += into <= out
            used += 1
        lengths[i] = used - before
    return used


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _edge_distances(indptr, indices, x, scale, out, start, stop):
    D = np.uint64(x.shape[1])
    for i in range(np.uint64(start), np.uint64(stop)):
        mine = scale[i]
        for e in range(np.uint64(indptr[i]), np.uint64(indptr[i + 1])):
            j, total = np.uint64(indices[e]), np.float32(0)
            its = scale[j]
            for d in range(D):
                difference = mine * x[i, d] - its * x[j, d]
                total += difference * difference
            out[e] = np.sqrt(total)


@njit(nogil=True, cache=True, error_model="numpy")
def _own_edges(indptr, indices):
    out = np.empty(len(indptr) - 1, np.int64)
    for i in range(len(out)):
        for e in range(indptr[i], indptr[i + 1]):
            if indices[e] == i:
                out[i] = e
    return out
