"""Work beside Blender's main thread: the newest request of each kind wins, results come back on the main thread.

The functions that run here get arrays and return arrays; they never touch `bpy` or `gpu`. NumPy lets go of the
interpreter lock while it sorts and computes, so the main thread stays fluid.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any


@dataclass
class Request:
    work: Callable[[], Any]
    deliver: Callable[[Any], None]  # called on the main thread with what `work` returned
    seen: bool  # whether that changes the picture


class Worker:
    """Two threads, started at the first request: a sort does not wait for a slow recolouring."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[Hashable, tuple[Request, Future[Any]]] = {}
        self._waiting: dict[Hashable, Request] = {}

    def submit(
        self,
        key: Hashable,
        work: Callable[[], Any],
        deliver: Callable[[Any], None],
        *,
        seen: bool = True,
    ) -> None:
        """Do `work`; if one of this key is still running, afterwards and instead of any other that waits for it."""
        request = Request(work, deliver, seen)
        if key in self._running:
            self._waiting[key] = request
        else:
            self._start(key, request)

    def _start(self, key: Hashable, request: Request) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="ludvig-viewport")
        self._running[key] = request, self._pool.submit(request.work)

    def busy(self, key: Hashable = None) -> bool:
        """Whether anything is under way; with `key`, whether that is."""
        return bool(self._running) if key is None else key in self._running

    def poll(self) -> bool:
        """Deliver what is finished, start what waited for it; True if that is to be seen. Main thread only.

        An exception of the work is raised here.
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
        """Forget everything and end the threads."""
        self._waiting.clear()
        self._running.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
