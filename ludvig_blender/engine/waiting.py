"""What a task can wait for: a condition, a function in a thread, a future, another task."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ...ludvig_engine.errors import Cancelled

if TYPE_CHECKING:
    from ...ludvig_engine.wire.protocol import Progress

R = TypeVar("R")

SOON = 3  # seconds after which the speed so far says how long the rest takes

_pool: ThreadPoolExecutor | None = None


class Awaited(Protocol):
    """What a task can wait for. Its `done` is a method of futures, but a property of all others."""

    def result(self) -> object: ...


def is_done(awaited: Awaited) -> bool:
    done: Callable[[], bool] | bool = getattr(awaited, "done")  # noqa: B009 - see `Awaited`
    return bool(done() if callable(done) else done)


class Until:
    """Something to wait for: a condition, checked at every tick."""

    def __init__(self, condition: Callable[[], object]) -> None:
        self._condition = condition

    @property
    def done(self) -> bool:
        return bool(self._condition())

    def result(self) -> None:
        pass


class Work(Generic[R]):
    """Something to wait for: a function that takes minutes, run in a thread of its own.

    The function is called with this object. It calls `report` or `report_bytes` to tell its
    progress, and often `check`, which raises `Cancelled` if the work was cancelled.
    """

    def __init__(self, function: Callable[[Work[R]], R]) -> None:
        self.progress: Progress | None = None
        self._begun = "", 0.0, 0  # the stage in bytes, and when and with how many it began
        self._future: Future[R] = Future()
        self._cancelled = False
        threading.Thread(
            target=self._run, args=(function,), name="ludvig, at work", daemon=True
        ).start()

    def _run(self, function: Callable[[Work[R]], R]) -> None:
        try:
            self._future.set_result(function(self))
        except BaseException as error:  # noqa: BLE001 - `result` raises it again
            self._future.set_exception(error)

    @property
    def done(self) -> bool:
        return self._future.done()

    def result(self) -> R:
        return self._future.result()

    def cancel(self) -> None:
        self._cancelled = True

    def report(self, stage: str, done: int, total: int) -> None:
        from ...ludvig_engine.wire.protocol import Progress

        self.progress = Progress(stage, done, total)

    def report_bytes(self, stage: str, done: int, total: int) -> None:
        """Like `report`, in bytes; also tells the time left. A `total` of 0 is not known."""
        from ...ludvig_engine.stages import DOWNLOAD
        from ...ludvig_engine.wire.protocol import Progress

        now = time.monotonic()
        if self._begun[0] != stage:
            self._begun = stage, now, done
        _, since, first = self._begun
        left = None
        if total and done > first and now - since > SOON:
            left = (now - since) * max(total - done, 0) / (done - first)
        self.progress = Progress(stage, done, total, left, DOWNLOAD.id)

    def check(self) -> None:
        if self._cancelled:
            raise Cancelled


def in_thread(function: Callable[..., R], *arguments: object) -> Future[R]:
    """Something to wait for: a slow function that does not use Blender, run in a thread."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(2, thread_name_prefix="ludvig")
    return _pool.submit(function, *arguments)


def stop() -> None:
    """End the threads of `in_thread`, without waiting for what they do."""
    global _pool
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
        _pool = None
