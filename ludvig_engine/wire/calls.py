"""Requests that were sent, until they are answered.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ..errors import EngineError
from .methods import Request
from .protocol import Progress

R = TypeVar("R")


class Call(Generic[R]):
    """A request that was sent. `done` turns true once; `progress` is the newest report."""

    def __init__(self, calls: Calls, request: Request[R], number: int, *, polled: bool) -> None:
        self.request = request
        self.number = number
        self.polled = polled
        self.progress: Progress | None = None
        self.outcome: R | EngineError | None = None
        self._calls = calls

    @property
    def done(self) -> bool:
        """Whether the call has ended, with an answer or with an error."""
        return self.outcome is not None

    def result(
        self, *, progress: Callable[[Progress], object] | None = None, timeout: float | None = None
    ) -> R:
        """Wait for the answer. `progress` is called with each newest report, in the calling thread.

        Raises TimeoutError after `timeout` seconds. Raises `EngineError` with the kind that the
        engine answered ("cancelled" and "superseded" among them), or with one such as "engine_gone"
        if there will be no answer.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        shown = None
        while self.outcome is None:
            with self._calls.changed:
                left = None if deadline is None else deadline - time.monotonic()
                if (
                    self.outcome is None
                    and self.progress is shown
                    and not self._calls.changed.wait(left)
                ):
                    raise TimeoutError(
                        f"{self.request.method} was not answered within {timeout} seconds"
                    )
            if progress and self.progress and self.progress is not shown:
                progress(self.progress)
            shown = self.progress
        if isinstance(self.outcome, EngineError):
            raise self.outcome
        return self.outcome

    def cancel(self) -> None:
        """Ask the engine to stop.

        The call then ends with the error "cancelled", or with its result if the engine had already
        sent it.
        """
        self._calls.cancel(self.number)


class Calls:
    """The calls of one connection: those without an answer, and those with news. Thread-safe."""

    def __init__(self, cancel: Callable[[int], object]) -> None:
        """`cancel` asks the engine to stop the request of a number."""
        self.cancel = cancel
        self.changed = threading.Condition()  # guards everything here, and tells of changes
        self.error: EngineError | None = None  # why there will be no more answers
        self._open: dict[int, Call[Any]] = {}
        self._news: dict[int, Call[Any]] = {}  # since the last `poll`
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        return next(self._numbers)

    def add(self, request: Request[R], number: int, *, polled: bool) -> Call[R]:
        """A call for a request that is about to be sent; it has ended if the connection has."""
        call = Call(self, request, number, polled=polled)
        with self.changed:
            self._open[number] = call
            if self.error:
                self._end(number, self.error)
        return call

    def get(self, number: int) -> Call[Any] | None:
        """The call of that number, if it has no answer yet."""
        return self._open.get(number)

    def report(self, number: int, progress: Progress) -> None:
        """Note how far a call is."""
        with self.changed:
            if call := self._open.get(number):
                call.progress = progress
                self._tell(call)

    def end(self, number: int, outcome: Any) -> None:
        """End a call with its answer or its error."""
        with self.changed:
            self._end(number, outcome)

    def end_all(self, error: EngineError) -> None:
        """End all calls, also those to come: there is no connection any more."""
        with self.changed:
            self.error = error
            for number in list(self._open):
                self._end(number, error)
            self.changed.notify_all()

    def poll(self) -> list[Call[Any]]:
        """The calls marked `polled` that were answered, or made progress, since the last time."""
        with self.changed:
            news, self._news = self._news, {}
        return list(news.values())

    def _end(self, number: int, outcome: Any) -> None:
        if call := self._open.pop(number, None):
            call.outcome = outcome
            self._tell(call)

    def _tell(self, call: Call[Any]) -> None:
        if call.polled:
            self._news[call.number] = call
        self.changed.notify_all()
