"""One BLAS thread for each thread of ours: two kinds stand in each other's way, small products take four times as long.

The number of BLAS threads belongs to the process, so the last user restores it, whichever came first.
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
    """BLAS calls use one thread each as long as anybody is within."""
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
    import scipy.linalg  # noqa: F401 - which brings a BLAS of its own

    return ThreadpoolController().select(user_api="blas")
