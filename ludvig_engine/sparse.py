"""Sparse times dense, near the speed of memory: CSR float32 with int32 indices, rows shared out among the cores."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from .arrays import Array, Float, Int
from .device import gpu
from .errors import EngineError
from .progress import SILENT, Job, chunks

LARGE = 1_000_000  # entries; below that the CPU is done before the GPU has begun
ROWS = 65536  # of a piece of work
WINDOW = 1024  # rows sorted by length among themselves: near enough to stay neighbours in memory
_u = np.uint64

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operator:
    """A matrix to be applied to many vectors: its rows stand in an order in which neighbours have the same length.

    With rows of all lengths mixed, the end of nearly every row is a mispredicted branch, which costs as much as the
    row (2x measured). `rows` says which row of the result each is.
    """

    matrix: csr_matrix
    rows: Int[Array, " N"]

    def __call__(self, x: Float[Array, "M *C"], *, job: Job = SILENT, threads: int = 0) -> Float[Array, "N *C"]:
        """matrix @ x for a vector or a few columns."""
        x = np.ascontiguousarray(x, np.float32)
        out = np.empty((self.matrix.shape[0], *x.shape[1:]), np.float32)
        apply = _vector if x.ndim == 1 else _columns

        def one(part: slice) -> None:
            m = self.matrix
            apply(m.indptr, self.rows, m.indices, m.data, x, out, part.start, part.stop)

        list(job.map(one, chunks(len(out), ROWS), threads=threads))
        return out


def operator(matrix: csr_matrix) -> Operator:
    """Prepare a matrix; costs about as much as applying it ten times. A large one goes to the GPU if there is one."""
    if matrix.nnz >= LARGE and gpu():
        from .sparse_gpu import on_gpu

        try:
            return on_gpu(matrix)
        except EngineError as error:
            log.warning("Diffusing on the CPU. %s", error)
    length = np.diff(matrix.indptr)
    window = np.arange(len(length)) // WINDOW
    rows = np.lexsort((length, window)).astype(np.int32)
    return Operator(matrix[rows], rows)


def add_product(
    matrix: csr_matrix, dense: Float[Array, "M D"], out: Float[Array, "N D"], *, job: Job = SILENT, threads: int = 0
) -> None:
    """out += matrix @ dense, without a temporary of out's size."""
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


@njit(nogil=True, cache=True, error_model="numpy")  # no reassociation: gather instructions lose to plain loads
def _vector(indptr, rows, indices, data, x, out, start, stop):
    for row in range(_u(start), _u(stop)):
        total = np.float32(0)
        for entry in range(_u(indptr[row]), _u(indptr[row + _u(1)])):
            total += data[entry] * x[_u(indices[entry])]
        out[_u(rows[row])] = total


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})
def _columns(indptr, rows, indices, data, x, out, start, stop):
    columns = _u(x.shape[1])
    for row in range(_u(start), _u(stop)):
        target = _u(rows[row])
        out[target] = 0
        for entry in range(_u(indptr[row]), _u(indptr[row + _u(1)])):
            source, weight = _u(indices[entry]), data[entry]
            for c in range(columns):
                out[target, c] += weight * x[source, c]
