"""Groups of Gaussians on the graph, in one walk over its edges and next to no memory beside it.

With NumPy, each of these would take several arrays as long as the edges, of which there are 22 per
Gaussian.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from ..arrays import Array, Float, Int
from ..progress import SILENT, chunks
from .neighbors import Graph

PIECES = 16  # of the groups, which threads share out among them


def contracted(
    graph: Graph, similarities: Float[Array, " E"] | float, labels: Int[Array, " N"]
) -> csr_matrix:
    """The graph of the groups; one number stands for all `similarities`.

    The edge between two groups is the sum of all edges between their members; edges within a group
    are dropped. Diffusion on this graph is diffusion on the Gaussians with scores that are constant
    within each group, because for such scores Σ A_ij (s_i − s_j)² is the same sum.
    """
    count = int(labels.max(initial=-1)) + 1
    values = np.atleast_1d(np.asarray(similarities, np.float32))
    starts = np.append(0, np.cumsum(np.bincount(labels, minlength=count)))
    members = np.argsort(labels, kind="stable").astype(np.int32)

    def one(part: slice) -> tuple[Array, Array, Array]:
        own = starts[part.start : part.stop + 1]
        return _sums_between(graph.indptr, graph.indices, values, labels, members, own, count)

    pieces = list(SILENT.map(one, chunks(count, max(-(-count // PIECES), 1))))
    pieces.append((np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.int64)))
    columns, sums, lengths = map(np.concatenate, zip(*pieces, strict=True))
    return csr_matrix((sums, columns, np.append(0, np.cumsum(lengths))), shape=(count, count))


@njit(nogil=True, cache=True, error_model="numpy")
def _sums_between(indptr, indices, values, labels, members, starts, count):
    """The rows of some groups, which have `members[starts[n] : starts[n + 1]]`.

    Columns ascend. Sums are added up as float64, in the order of the members.
    """
    every = len(values) > 1
    columns, sums = np.empty(1024, np.int32), np.empty(1024, np.float32)
    lengths, used = np.zeros(len(starts) - 1, np.int64), 0
    total, met = np.zeros(count), np.zeros(count, np.bool_)
    touched = np.empty(count, np.int32)
    for n in range(len(starts) - 1):
        many = 0
        for i in members[starts[n] : starts[n + 1]]:
            for e in range(indptr[i], indptr[i + 1]):
                other = labels[indices[e]]
                if other != labels[i]:
                    if not met[other]:
                        met[other], touched[many] = True, other
                        many += 1
                    total[other] += values[e] if every else values[0]
        if used + many > len(columns):
            room = 2 * (used + many)
            more, further = np.empty(room, np.int32), np.empty(room, np.float32)
            more[:used], further[:used] = columns[:used], sums[:used]
            columns, sums = more, further
        touched[:many].sort()
        for other in touched[:many]:
            columns[used], sums[used] = other, total[other]
            total[other], met[other] = 0, False
            used += 1
        lengths[n] = many
    return columns[:used], sums[:used], lengths


@njit(nogil=True, cache=True, error_model="numpy")
def sums_of(values, labels, count):
    """The sums of the rows of `values` (N, D) in each of `count` groups, float64."""
    out = np.zeros((count, values.shape[1]), np.float64)
    for i in range(len(labels)):
        for d in range(values.shape[1]):
            out[labels[i], d] += values[i, d]
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def one_way(indptr, indices):
    """The two ends of each edge, the smaller number first, without the edges to oneself."""
    count = 0
    for i in range(len(indptr) - 1):
        for e in range(indptr[i], indptr[i + 1]):
            count += indices[e] > i
    a, b = np.empty(count, np.int32), np.empty(count, np.int32)
    count = 0
    for i in range(len(indptr) - 1):
        for e in range(indptr[i], indptr[i + 1]):
            if indices[e] > i:
                a[count], b[count] = i, indices[e]
                count += 1
    return a, b


@njit(nogil=True, cache=True, error_model="numpy")
def joined(a, b, best):
    """The group of each segment when each joins along its `best` edge (−1: none), and how many.

    Groups are numbered by their first members.
    """
    into = np.arange(len(best)).astype(np.int32)
    for s in range(len(best)):
        if best[s] >= 0:
            one, other = a[best[s]], b[best[s]]
            while into[one] != one:
                into[one] = into[into[one]]
                one = into[one]
            while into[other] != other:
                into[other] = into[into[other]]
                other = into[other]
            into[max(one, other)] = min(one, other)
    count = 0
    for s in range(len(into)):  # what a segment points at comes before it, and is numbered already
        if into[s] == s:
            into[s] = count
            count += 1
        else:
            into[s] = into[into[s]]
    return into, count


@njit(nogil=True, cache=True, error_model="numpy")
def edges_between(a, b, into, count):
    """The two ends of the edges between `count` groups, each once and in ascending order."""
    starts = np.zeros(count + 1, np.int64)
    for e in range(len(a)):
        one, other = into[a[e]], into[b[e]]
        if one != other:
            starts[min(one, other) + 1] += 1
    starts = np.cumsum(starts)
    ends, fill = np.empty(starts[-1], np.int32), starts[:-1].copy()
    for e in range(len(a)):
        one, other = into[a[e]], into[b[e]]
        if one != other:
            ends[fill[min(one, other)]] = max(one, other)
            fill[min(one, other)] += 1
    used = 0
    fill[:] = 0
    for group in range(count):
        own = ends[starts[group] : starts[group + 1]]
        own.sort()
        before = -1
        for end in own:
            if end != before:
                ends[used] = end
                used += 1
                fill[group] += 1
            before = end
    first, used = np.empty(used, np.int32), 0
    for group in range(count):
        first[used : used + fill[group]] = group
        used += fill[group]
    return first, ends[:used].copy()


@njit(nogil=True, cache=True, error_model="numpy")
def spread(indptr, indices, x, known):
    """Set rows of `x` that are not known to the mean of their known neighbors; which rows are now.

    A row without any is 0. This is for Gaussians that no photo shows, such as those inside things.
    """
    found = known.copy()
    for i in range(len(known)):
        if known[i]:
            continue
        x[i] = 0
        count = 0
        for e in range(indptr[i], indptr[i + 1]):
            if known[indices[e]]:
                count += 1
                x[i] += x[indices[e]]
        if count:
            x[i] /= np.float32(count)
            found[i] = True
    return found
