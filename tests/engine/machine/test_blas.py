"""BLAS uses one thread inside the block and as many as before afterwards, in any order."""

from contextlib import ExitStack

# This loads a BLAS of its own, which must be there before its threads are limited.
import scipy.linalg  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from ludvig_engine.machine import blas


def threads() -> set[int]:
    return {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }


def test_the_last_one_restores():
    with threadpool_limits(2, "blas"):
        assert threads() == {2}
        first, second = ExitStack(), ExitStack()
        first.enter_context(blas.single())
        assert threads() == {1}
        second.enter_context(blas.single())
        first.close()
        assert threads() == {1}
        second.close()
        assert threads() == {2}
