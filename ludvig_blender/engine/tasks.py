"""Tasks: work on Blender's main thread in small steps.

A task is a generator. What it does between two yields is a step, which should take a few
milliseconds:

    yield                       let Blender draw, if the time for this tick is used up
    answer = yield call         continue when that is done: a Call, Future, Task, Work or Until

If what it waits for fails, the error is raised at the yield; if the task is cancelled, `Cancelled`
is raised there.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, cast

from ...ludvig_engine.errors import Cancelled, EngineError, Fix
from ..translation.say import say_report
from .waiting import Awaited, is_done

if TYPE_CHECKING:
    from typing import Unpack

    from ...ludvig_engine.wire.protocol import Progress

R = TypeVar("R")  # what a task returns
T = TypeVar("T")

# What a yield returns depends on what was yielded, which no type of a generator can say: hence Any.
Steps = Generator[Awaited | None, Any, R]

QUIET = ("cancelled", "superseded")  # errors that the user caused on purpose

_numbers = itertools.count(1)


class Options(TypedDict, Generic[R], total=False):
    """How a task is shown, and who is told of its progress and its end."""

    label: str  # for people; without it a task is not shown
    kind: str  # by which programs find tasks
    done: Callable[[R], object] | None
    failed: Callable[[EngineError], object] | None
    progress: Callable[[Progress], object] | None


class Task(Generic[R]):
    """Work in progress, begun by `start`. Main thread only."""

    def __init__(self, steps: Steps[R], **options: Unpack[Options[R]]) -> None:
        self.label = options.get("label", "")
        self.kind = options.get("kind", "")
        self.number = next(_numbers)
        self.begun = time.monotonic()
        self.progress: Progress | None = None  # the newest report
        self.done = False  # True once `done` or `failed` has been called
        self.value: R | None = None
        self.error: EngineError | None = None
        self._steps = steps
        self._on_done = options.get("done")
        self._on_failed = options.get("failed")
        self._on_progress = options.get("progress")
        self._waits_for: Awaited | None = None
        self._stop: EngineError | None = None

    def cancel(self, reason: EngineError | None = None) -> None:
        """End the task with this error at the next tick."""
        self._stop = self._stop or reason or Cancelled()

    def result(self) -> R:
        """What the finished task has returned; raises its error."""
        if self.error:
            raise self.error
        return cast("R", self.value)

    @property
    def ready(self) -> bool:
        """Whether the task can take a step."""
        return self._waits_for is None or self._stop is not None or is_done(self._waits_for)

    def step(self) -> None:
        """Take one step."""
        awaited, self._waits_for = self._waits_for, None
        try:
            if self._stop:
                reason, self._stop = self._stop, None
                self._waits_for = self._steps.throw(reason)
            elif awaited is None:
                self._waits_for = next(self._steps)
            else:
                self._waits_for = self._resume(awaited)
        except StopIteration as end:
            self.value = end.value
            self._finish(self._on_done, end.value)
        except EngineError as error:
            self._fail(error)
        # A bug of ours must not end the timer, because that would end all tasks.
        except Exception as error:  # noqa: BLE001
            self._fail(_bug(error))

    def _resume(self, awaited: Awaited) -> Awaited | None:
        """Take a step with the result or the error of what the task has waited for."""
        try:
            value = awaited.result()
        except Exception as error:  # noqa: BLE001 - the task gets every error
            return self._steps.throw(error)
        return self._steps.send(value)

    def watch(self) -> bool:
        """Read the progress of what the task waits for; whether it has changed."""
        news = getattr(self._waits_for, "progress", None)
        if news is None or news is self.progress:
            return False
        self.progress = news
        if self._on_progress:
            self._on_progress(news)
        return True

    def _fail(self, error: EngineError) -> None:
        self.error = error
        self._finish(self._on_failed or tell, error)

    def _finish(self, callback: Callable[[T], object] | None, argument: T) -> None:
        try:
            if callback:
                callback(argument)
        except EngineError as error:
            self.error = error
            tell(error)
        except Exception as error:  # noqa: BLE001 - see step
            self.error = _bug(error)
            tell(self.error)
        self.done = True

    def close(self) -> None:
        """End the task without any callback."""
        self._steps.close()
        self.done = True


def superseded() -> EngineError:
    """Why a task ends that a newer one makes pointless or goes before."""
    return EngineError("superseded", "A newer request has replaced this one.")


def tell(error: EngineError) -> None:
    """Show an error in the panel, unless the user caused it on purpose."""
    from ..data import messages

    if error.kind not in QUIET:
        messages.show(error)


def _bug(error: Exception) -> EngineError:
    logging.getLogger(__name__).error("A bug in LUDVIG", exc_info=error)
    return EngineError(
        "internal",
        say_report("LUDVIG has a bug: {kind}: {error}", kind=type(error).__name__, error=error),
        [Fix("Report it, with Blender's console output.", "report")],
    )
