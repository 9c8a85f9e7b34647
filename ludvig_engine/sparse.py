"""Sparse times dense, at the speed of memory: CSR float32 with int32 indices, rows shared out among the cores."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import csr_matrix

from .arrays import Array, Float
from .progress import SILENT, Job, chunks

_MATH = {"contract", "reassoc", "nsz"}
_u = np.uint64


def add_product(
    matrix: csr_matrix, dense: Float[Array, "M D"], out: Float[Array, "N D"], *, job: Job = SILENT, threads: int = 0
) -> None:
    """out += matrix @ dense, without a temporary of out's size."""
    dense = np.ascontiguousarray(dense, np.float32)

    def one(rows: slice) -> None:
        _add_rows(matrix.indptr, matrix.indices, matrix.data, dense, out, rows.start, rows.stop)

    list(job.map(one, chunks(len(out), 65536), threads=threads))


def multiply(matrix: csr_matrix, x: Float[Array, M * C], *, job: Job = SILENT, threads: int = 0) -> Float[Array, N * C]:
    """matrix @ x for a vector or a few columns."""
    out = np.zeros((matrix.shape[0], *x.shape[1:]), np.float32)
    x = np.ascontiguousarray(x, np.float32)
    if x.ndim == 2:
        add_product(matrix, x, out, job=job, threads=threads)
        return out

    def one(rows: slice) -> None:
        _vector_rows(matrix.indptr, matrix.indices, matrix.data, x, out, rows.start, rows.stop)

    list(job.map(one, chunks(len(out), 65536), threads=threads))
    return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def _add_rows(indptr, indices, data, dense, out, start, stop):
    columns = _u(dense.shape[1])
    for row in range(_u(start), _u(stop)):
        for entry in range(_u(indptr[row]), _u(indptr[row + 1])):
            source, weight = _u(indices[entry]), data[entry]
            for c in range(columns):
                out[row, c] += weight * dense[source, c]


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def _vector_rows(indptr, indices, data, x, out, start, stop):
    for row in range(_u(start), _u(stop)):
        total = np.float32(0)
        for entry in range(_u(indptr[row]), _u(indptr[row + 1])):
            total += data[entry] * x[_u(indices[entry])]
        out[row] = total
