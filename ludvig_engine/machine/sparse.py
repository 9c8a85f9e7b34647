"""Sparse times dense at nearly the speed of memory.

Matrices are CSR, float32 with int32 indices; their rows are shared out among the cores.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from ..arrays import Array, Float, Int
from ..errors import EngineError
from ..progress import SILENT, Job, chunks
from .device import gpu
from .operator import Operator

# A matrix of at least this many entries goes to the GPU. With fewer, the CPU is done before the GPU
# has begun.
LARGE = 1_000_000
# Rows in a piece of work.
ROWS = 65536
# Rows in a piece of work of `Sliced`, which takes 2 ms. With fewer, handing out the pieces would
# take a tenth of the time.
MANY = 262144
# Rows side by side; 8 would gain only 3 % more.
SIDE = 4
# Rows are sorted by length within windows of this size, so that they stay near their neighbors in
# memory.
WINDOW = 256
_u = np.uint64

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sliced(Operator):
    """Four rows of about the same length side by side (sliced ELLPACK [Kreutzer et al. 2014]).

    With one row after another, the end of nearly every row is a mispredicted branch, and each
    addition waits for the one before. Four sums at once, with one end for four rows, take a third
    less time. The shorter rows are filled up with zeros, which adds 0.3 % of entries if rows are
    sorted by length first.
    """

    # Where each block of SIDE rows begins among the entries; one more than blocks.
    starts: Int[Array, " B1"]
    # Which row of the result each row is. P is N, rounded up to whole blocks.
    rows: Int[Array, " P"]
    indices: Int[Array, " E"]
    data: Float[Array, " E"]
    count: int  # N

    def __call__(
        self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0
    ) -> Float[Array, "N *C"]:
        x = np.ascontiguousarray(x, np.float32)
        out = np.empty((len(self.rows), *x.shape[1:]), np.float32)
        apply = _vector if x.ndim == 1 else _columns

        def one(part: slice) -> None:
            apply(self.starts, self.rows, self.indices, self.data, x, out, part.start, part.stop)

        list(job.map(one, chunks(len(self.starts) - 1, MANY // SIDE), threads=threads))
        return out[: self.count]

    def near(
        self, rows: Int[Array, " R"], hops: int, most: int
    ) -> tuple[Int[Array, " M"], csr_matrix] | None:
        reached = np.zeros(self.count, bool)
        reached[rows] = True
        for _ in range(hops):
            if len(rows) > most:
                return None
            ring = np.zeros(self.count, bool)
            ring[self._entries(rows)[1]] = True
            rows = np.flatnonzero(ring & ~reached)
            reached[rows] = True
        rows = np.flatnonzero(reached)
        if len(rows) > most:
            return None
        ends, columns, data = self._entries(rows)
        number = np.full(self.count, -1, np.int32)
        number[rows] = np.arange(len(rows))
        columns = number[columns]
        inside = columns >= 0
        indptr = np.append(0, np.append(0, np.cumsum(inside))[ends])
        shape = (len(rows), len(rows))
        return rows, csr_matrix((data[inside], columns[inside], indptr), shape=shape)

    def _entries(
        self, rows: Int[Array, " R"]
    ) -> tuple[Int[Array, " R"], Int[Array, " K"], Float[Array, " K"]]:
        """Where the entries of some rows end, their columns and values, with those that fill up."""
        block, side = np.divmod(self._places[rows], SIDE)
        count = (self.starts[block + 1] - self.starts[block]) // SIDE
        ends = np.cumsum(count)
        first = self.starts[block] + side - SIDE * (ends - count)
        at = np.repeat(first, count) + SIDE * np.arange(count.sum())
        return ends, self.indices[at], self.data[at]

    @functools.cached_property
    def _places(self) -> Int[Array, " P"]:
        """Where each row is among `rows`."""
        places = np.empty(len(self.rows), np.int32)
        places[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return places


def operator(matrix: csr_matrix) -> Operator:
    """Prepare a matrix for many products, on the GPU if it is large and there is one.

    This costs about as much as applying the matrix ten times.
    """
    if matrix.nnz >= LARGE and gpu():
        from .sparse_gpu import on_gpu

        try:
            return on_gpu(matrix, functools.cache(lambda: sliced(matrix)))
        except EngineError as error:
            log.warning("Diffusing on the CPU. %s", error)
    return sliced(matrix)


def sliced(matrix: csr_matrix) -> Sliced:
    """Prepare a matrix for many products on the CPU."""
    length = np.diff(matrix.indptr)
    window = np.arange(len(length)) // WINDOW
    rows = np.lexsort((length, window)).astype(np.int32)
    rows = np.append(rows, np.arange(len(rows), len(rows) + -len(rows) % SIDE, dtype=np.int32))
    starts, indices, data = _sliced(
        matrix.indptr, matrix.indices, np.asarray(matrix.data, np.float32), rows
    )
    return Sliced(starts, rows, indices, data, len(length))


def add_product(
    matrix: csr_matrix,
    dense: Float[Array, "M D"],
    out: Float[Array, "N D"],
    *,
    job: Job = SILENT,
    threads: int = 0,
) -> None:
    """out += matrix @ dense, without a temporary array of out's size."""
    dense = np.ascontiguousarray(dense, np.float32)

    def one(part: slice) -> None:
        _add_rows(matrix.indptr, matrix.indices, matrix.data, dense, out, part.start, part.stop)

    list(job.map(one, chunks(len(out), ROWS), threads=threads))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _add_rows(indptr, indices, data, dense, out, start, stop):
    columns = _u(dense.shape[1])
    for row in range(_u(start), _u(stop)):
        for entry in range(_u(indptr[row]), _u(indptr[row + _u(1)])):
            source, weight = _u(indices[entry]), data[entry]
            for c in range(columns):
                out[row, c] += weight * dense[source, c]


@njit(nogil=True, cache=True, error_model="numpy")
def _sliced(indptr, indices, data, rows):
    """`starts`, `indices` and `data` of `Sliced` for these rows.

    Rows beyond the matrix are empty.
    """
    count, blocks = len(indptr) - 1, len(rows) // SIDE
    starts = np.zeros(blocks + 1, np.int64)
    for n in range(len(rows)):
        if rows[n] < count:
            starts[n // SIDE + 1] = max(
                starts[n // SIDE + 1], SIDE * (indptr[rows[n] + 1] - indptr[rows[n]])
            )
    starts = np.cumsum(starts)
    out_indices, out_data = np.zeros(starts[-1], np.int32), np.zeros(starts[-1], np.float32)
    for n in range(len(rows)):
        if rows[n] < count:
            place, end = starts[n // SIDE] + n % SIDE, starts[n // SIDE + 1]
            for entry in range(indptr[rows[n]], indptr[rows[n] + 1]):
                out_indices[place], out_data[place] = indices[entry], data[entry]
                place += SIDE
            # Repeat an index of this row: with any other, an infinity in a foreign row would become
            # NaN here.
            while place < end:
                out_indices[place] = out_indices[max(place - SIDE, starts[n // SIDE])]
                place += SIDE
    return starts, out_indices, out_data


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _vector(starts, rows, indices, data, x, out, first, last):
    for block in range(_u(first), _u(last)):
        a = b = c = d = np.float32(0)
        e, end = _u(starts[block]), _u(starts[block + _u(1)])
        while e < end:
            a += data[e] * x[_u(indices[e])]
            b += data[e + _u(1)] * x[_u(indices[e + _u(1)])]
            c += data[e + _u(2)] * x[_u(indices[e + _u(2)])]
            d += data[e + _u(3)] * x[_u(indices[e + _u(3)])]
            e += _u(SIDE)
        n = block * _u(SIDE)
        out[_u(rows[n])], out[_u(rows[n + _u(1)])] = a, b
        out[_u(rows[n + _u(2)])], out[_u(rows[n + _u(3)])] = c, d


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def _columns(starts, rows, indices, data, x, out, first, last):
    columns = _u(x.shape[1])
    for block in range(_u(first), _u(last)):
        for side in range(_u(SIDE)):
            target = _u(rows[block * _u(SIDE) + side])
            out[target] = 0
            for e in range(_u(starts[block]) + side, _u(starts[block + _u(1)]), _u(SIDE)):
                source, weight = _u(indices[e]), data[e]
                for c in range(columns):
                    out[target, c] += weight * x[source, c]
