"""Work on Blender's main thread that never blocks Blender: tasks in small steps, driven by a timer.

A task is a generator. What it does between two yields is a step, which should take a few
milliseconds:

    yield                       let Blender draw, if the time for this tick is used up
    answer = yield call         continue when that is done: a Call, Future, Task, Work or Until

If what it waits for fails, the error is raised at the yield; if the task is cancelled, `Cancelled`
is raised there. In scripts, and in `blender -b` where no timer runs, `wait` takes the steps.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict, TypeVar, cast

import bpy

from ...ludvig_engine.errors import Cancelled, EngineError, Fix

if TYPE_CHECKING:
    from typing import Unpack

    from ...ludvig_engine.wire.protocol import Progress

R = TypeVar("R")  # what a task returns
T = TypeVar("T")


class Awaited(Protocol):
    """What a task can wait for. Its `done` is a method of futures, but a property of all others."""

    def result(self) -> object: ...


# What a yield returns depends on what was yielded, which no type of a generator can say: hence Any.
Steps = Generator[Awaited | None, Any, R]

# Seconds of steps per tick. With a last step of 7 ms a tick is still too short to notice.
BUDGET = 0.003
POLL = 0.01  # seconds between checks of awaited things
REDRAW = 0.05  # seconds between two redraws for progress
# Seconds before a task is shown, because shorter tasks would only flicker.
HIDDEN = 0.3
QUIET = ("cancelled", "superseded")  # errors that the user caused on purpose

_tasks: deque[Task[object]] = deque()  # unfinished tasks, the next one first
_pool: ThreadPoolExecutor | None = None
_drawn = 0.0
_shown: tuple[int, ...] = ()  # numbers of the tasks in the panel
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
        return self._waits_for is None or self._stop is not None or _is_done(self._waits_for)

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


def start(steps: Steps[R], **options: Unpack[Options[R]]) -> Task[R]:
    """Begin a task. Its first step is taken at the next tick.

    Either `done(value)` or `failed(error)` is called once, on the main thread. Without `failed`,
    errors are shown in the panel.
    """
    task = Task(steps, **options)
    _tasks.append(cast("Task[object]", task))
    wake()
    return task


def every() -> list[Task[object]]:
    """All unfinished tasks, shown or not."""
    return list(_tasks)


def tasks() -> list[Task[object]]:
    """The unfinished tasks that the panel shows, the oldest first."""
    now = time.monotonic()
    shown = [task for task in _tasks if task.label and now - task.begun > HIDDEN]
    return sorted(shown, key=lambda task: task.number)


def wait(task: Task[R]) -> R:
    """Take steps until a task is done; returns its result or raises its error.

    For scripts and `blender -b`.
    """
    try:
        while not task.done:
            if tick():
                time.sleep(0.001)
    except BaseException:  # Ctrl+C
        task.cancel()
        tick()
        raise
    return task.result()


def in_thread(function: Callable[..., R], *arguments: object) -> Future[R]:
    """Something to wait for: a slow function that does not use Blender, run in a thread."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(2, thread_name_prefix="ludvig")
    return _pool.submit(function, *arguments)


def wake() -> None:
    """Make sure that the timer runs."""
    if not bpy.app.timers.is_registered(tick) and not bpy.app.background:
        # Loading a file would end a timer that is not persistent.
        bpy.app.timers.register(tick, first_interval=0, persistent=True)
    redraw()


def tick() -> float | None:
    """Take steps for `BUDGET` seconds.

    Returns the seconds until the next tick, or None if there is nothing more to do.
    """
    global _shown
    deadline = time.perf_counter() + BUDGET
    for task in list(_tasks):
        if task.watch():
            _redraw_sometimes()
    finished = False
    while time.perf_counter() < deadline:
        chosen = next((task for task in _tasks if task.ready), None)
        if chosen is None:
            break
        # Removed first, because its callbacks may wait for other tasks and so call `tick` again.
        _tasks.remove(chosen)
        chosen.step()
        if chosen.done:
            finished = True
        else:
            _tasks.append(chosen)
    shown = tuple(task.number for task in tasks())
    if finished or shown != _shown:
        _shown = shown
        redraw()
    if not _tasks:
        return None
    return 0.0 if any(task.ready for task in _tasks) else POLL


def stop() -> None:
    """End all tasks, the timer and the threads."""
    global _pool
    while _tasks:
        _tasks.popleft().close()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
        _pool = None


def redraw() -> None:
    """Redraw the sidebars and preferences, but not the viewports, which would draw all splats."""
    manager = getattr(bpy.context, "window_manager", None)
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
            elif area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def tell(error: EngineError) -> None:
    """Show an error in the panel, unless the user caused it on purpose."""
    from ..data import messages

    if error.kind not in QUIET:
        messages.show(error)


def _redraw_sometimes() -> None:
    global _drawn
    if time.monotonic() - _drawn > REDRAW:
        _drawn = time.monotonic()
        redraw()


def _is_done(awaited: Awaited) -> bool:
    done: Callable[[], bool] | bool = getattr(awaited, "done")  # noqa: B009 - see `Awaited`
    return bool(done() if callable(done) else done)


def _bug(error: Exception) -> EngineError:
    logging.getLogger(__name__).error("A bug in LUDVIG", exc_info=error)
    return EngineError(
        "internal",
        f"LUDVIG has a bug: {type(error).__name__}: {error}",
        [Fix("Report it, with Blender's console output.", "report")],
    )
