"""Work in threads beside Blender's main thread.

The newest request of each kind replaces those that wait, and results are delivered on the main
thread. The functions that run here take arrays and return arrays; they never touch `bpy` or `gpu`.
NumPy releases the interpreter lock while it sorts and computes, so Blender stays responsive.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class Request(Generic[T]):
    work: Callable[[], T]
    deliver: Callable[[T], None]  # gets the result, on the main thread
    seen: bool  # whether that changes the picture


class Worker:
    """Two threads, started at the first request, so that a sort need not wait for a recoloring."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        # Any, because requests of different kinds have results of different types.
        self._running: dict[Hashable, tuple[Request[Any], Future[Any]]] = {}
        # Any for the same reason.
        self._waiting: dict[Hashable, Request[Any]] = {}

    def submit(
        self,
        key: Hashable,
        work: Callable[[], T],
        deliver: Callable[[T], None],
        *,
        seen: bool = True,
    ) -> None:
        """Do `work` in a thread.

        If work with this key is still running, this work waits for it, and replaces any other that
        waits already.
        """
        request = Request(work, deliver, seen)
        if key in self._running:
            self._waiting[key] = request
        else:
            self._start(key, request)

    def _start(self, key: Hashable, request: Request[T]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="ludvig-viewport")
        self._running[key] = request, self._pool.submit(request.work)

    def busy(self, key: Hashable = None) -> bool:
        """Whether any work is running or, with `key`, whether that work is."""
        return bool(self._running) if key is None else key in self._running

    def poll(self) -> bool:
        """Deliver finished work, and start what has waited for it. Main thread only.

        Returns whether the picture has changed. An exception of the work is raised here.
        """
        finished = [(key, *entry) for key, entry in self._running.items() if entry[1].done()]
        for key, _, _ in finished:
            del self._running[key]
            if key in self._waiting:
                self._start(key, self._waiting.pop(key))
        for _, request, future in finished:
            request.deliver(future.result())
        return any(request.seen for _, request, _ in finished)

    def stop(self) -> None:
        """Drop all requests and end the threads."""
        self._waiting.clear()
        self._running.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
