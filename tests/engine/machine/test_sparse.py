"""The products are SciPy's, whatever the rows look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from ludvig_engine.machine.sparse import SIDE, operator


def matrix(rows: int, columns: int, density: float, seed: int) -> sparse.csr_matrix:
    rng = np.random.default_rng(seed)
    return sparse.random(rows, columns, density, "csr", np.float32, random_state=rng)


@settings(max_examples=40)
@given(
    st.integers(0, 50), st.integers(1, 30), st.sampled_from([0, 0.02, 0.3, 1]), st.integers(0, 99)
)
def test_it_is_the_product(rows, columns, density, seed):
    """Empty rows, full ones, and numbers of rows that fill no block."""
    A, rng = matrix(rows, columns, density, seed), np.random.default_rng(seed)
    for shape in ((columns,), (columns, 1), (columns, 3)):
        x = rng.normal(size=shape).astype(np.float32)
        np.testing.assert_allclose(operator(A)(x), A @ x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
def test_many_rows_of_all_lengths(threads):
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 40, 200_001)
    indptr = np.append(0, np.cumsum(lengths))
    A = sparse.csr_matrix(
        (rng.random(indptr[-1], np.float32), rng.integers(0, 500, indptr[-1]), indptr)
    )
    x = rng.random(A.shape[1], np.float32)
    step = operator(A)
    np.testing.assert_allclose(step(x, threads=threads), A @ x, rtol=1e-4)
    assert len(step.data) < 1.04 * A.nnz and len(step.rows) % SIDE == 0


def test_what_a_row_does_not_use_does_not_reach_it():
    """The padding of short rows must not bring in values from elsewhere."""
    A = sparse.csr_matrix(
        np.array([[0, 1, 0, 0], [0, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 1]], np.float32)
    )
    x = np.array([np.inf, 1, 2, 3], np.float32)
    np.testing.assert_array_equal(operator(A)(x), [1, 6, 3, 3])


@pytest.mark.parametrize("hops", [0, 1, 2, 5])
@pytest.mark.parametrize("seeds", [(), (7,), (3, 90, 91)])
def test_near_rows_are_those_that_products_reach(hops, seeds):
    A = matrix(203, 203, 0.01, 4)
    A = (A + A.T + sparse.eye(203, dtype=np.float32)).tocsr()  # no row is empty
    here = np.zeros(203, np.float32)
    here[list(seeds)] = 1
    for _ in range(hops):
        here = A @ here
    rows, among = operator(A).near(np.array(seeds, int), hops, 203)
    np.testing.assert_array_equal(rows, np.flatnonzero(here))
    np.testing.assert_array_equal(among.toarray(), A[rows][:, rows].toarray())


def test_near_rows_may_be_too_many():
    A = sparse.csr_matrix(np.ones((50, 50), np.float32))
    rows = np.array([3, 4])
    assert operator(A).near(rows, 1, 49) is None and operator(A).near(rows, 0, 1) is None
    assert len(operator(A).near(rows, 1, 50)[0]) == 50
