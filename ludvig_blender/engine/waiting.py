"""What a task can wait for: a condition, a function in a thread, a future, another task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ...ludvig_engine.errors import Cancelled

if TYPE_CHECKING:
    from ...ludvig_engine.wire.protocol import Progress

R = TypeVar("R")

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

    The function is called with this object. It calls `report` to tell its progress, and often
    `check`, which raises `Cancelled` if the work was cancelled.
    """

    def __init__(self, function: Callable[[Work[R]], R]) -> None:
        self.progress: Progress | None = None
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
