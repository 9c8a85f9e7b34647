"""Limit BLAS to one thread per call while our own worker threads run.

BLAS threads nested in worker threads oversubscribe the cores: small products then take four times
as long. The number of BLAS threads belongs to the process, so the last user restores it, whoever
came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_users = 0
_limit: Any = None


@contextmanager
def single() -> Iterator[None]:
    """Within this context, BLAS calls of the whole process use one thread each."""
    global _users, _limit
    with _lock:
        if not _users:
            _limit = _controller().limit(limits=1)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _limit.restore_original_limits()


@cache
def _controller() -> ThreadpoolController:
    # SciPy brings a BLAS of its own, which is only found once it is loaded.
    import scipy.linalg  # noqa: F401

    return ThreadpoolController().select(user_api="blas")
