"""Work on Blender's main thread that never stops Blender: tasks in small steps, driven by a timer.

A task is a generator. What it does between two yields is a step, meant to take a few milliseconds:

    yield                       Blender may draw now, if it is time
    answer = yield call         go on when that is done: a Call of the client, a Future, another Task, Work, Until(...)

If what it waits for fails, the error is raised at the yield; if the task is cancelled, `Cancelled` is. In scripts, and
in `blender -b` where no timer runs, `wait` takes the steps.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import bpy

from ...ludvig_engine.errors import Cancelled, EngineError, Fix

if TYPE_CHECKING:
    from ...ludvig_engine.wire.protocol import Progress

Steps = Generator[Any, Any, Any]

BUDGET = 0.003  # seconds of steps per tick, so that even with a last step of 7 ms nobody notices
POLL = 0.01  # seconds between two looks at what tasks wait for
REDRAW = 0.05  # seconds between two redraws for progress
HIDDEN = 0.3  # seconds that a task is not shown for: what takes less would only flicker
QUIET = ("cancelled", "superseded")  # errors that the user has asked for

_tasks: deque[Task] = deque()  # unfinished ones, the next first
_pool: ThreadPoolExecutor | None = None
_drawn = 0.0
_shown: tuple[int, ...] = ()  # the numbers of the tasks that the panel shows
_numbers = itertools.count(1)


class Task:
    """Work under way, begun by `start`. Main thread only."""

    def __init__(
        self,
        steps: Steps,
        *,
        label: str = "",
        kind: str = "",
        done: Callable[[Any], object] | None = None,
        failed: Callable[[EngineError], object] | None = None,
        progress: Callable[[Any], object] | None = None,
    ) -> None:
        self.label = label  # for people; a task without is not shown
        self.kind = kind  # for programs that look for tasks like it
        self.number = next(_numbers)
        self.begun = time.monotonic()
        self.progress: Any = None  # the newest `ludvig_engine.wire.protocol.Progress`
        self.done = False  # and `done` or `failed` have been called
        self.value: Any = None
        self.error: EngineError | None = None
        self._steps = steps
        self._on_done = done
        self._on_failed = failed
        self._on_progress = progress
        self._waits_for: Any = None
        self._stop: EngineError | None = None

    def cancel(self, reason: EngineError | None = None) -> None:
        """End it with this error at the next tick."""
        self._stop = self._stop or reason or Cancelled()

    def result(self) -> Any:
        """What a task that is done has returned; its error is raised."""
        if self.error:
            raise self.error
        return self.value

    @property
    def ready(self) -> bool:
        """Whether it can take a step."""
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
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the timer, and with it all tasks
            self._fail(_bug(error))

    def _resume(self, awaited: Any) -> Any:
        try:
            value = awaited.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is passed on
            return self._steps.throw(error)
        return self._steps.send(value)

    def watch(self) -> bool:
        """Note how far it is; whether there is news."""
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

    def _finish(self, callback: Callable[[Any], object] | None, argument: Any) -> None:
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
        """Forget it, without any callback."""
        self._steps.close()
        self.done = True


class Until:
    """Something to wait for: a condition, looked at with every tick."""

    def __init__(self, condition: Callable[[], object]) -> None:
        self._condition = condition

    @property
    def done(self) -> bool:
        return bool(self._condition())

    def result(self) -> None:
        pass


class Work:
    """Something to wait for: a function that takes minutes, in a thread of its own, called with this object.

    It calls `report` to tell how far it is, and `check` often, which raises `Cancelled` when nobody wants it any more.
    """

    def __init__(self, function: Callable[[Work], Any]) -> None:
        self.progress: Progress | None = None
        self._future: Future[Any] = Future()
        self._cancelled = False
        threading.Thread(
            target=self._run, args=(function,), name="ludvig, at work", daemon=True
        ).start()

    def _run(self, function: Callable[[Work], Any]) -> None:
        try:
            self._future.set_result(function(self))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self._future.set_exception(error)

    @property
    def done(self) -> bool:
        return self._future.done()

    def result(self) -> Any:
        return self._future.result()

    def cancel(self) -> None:
        self._cancelled = True

    def report(self, stage: str, done: int, total: int) -> None:
        from ...ludvig_engine.wire.protocol import Progress

        self.progress = Progress(stage, done, total)

    def check(self) -> None:
        if self._cancelled:
            raise Cancelled


def start(steps: Steps, **options: Any) -> Task:
    """Begin a task; the options are those of `Task`. Its first step is taken with the next tick.

    `done(value)` or `failed(error)` is called once, on the main thread. Without `failed` errors go to the panel.
    """
    task = Task(steps, **options)
    _tasks.append(task)
    wake()
    return task


def every() -> list[Task]:
    """All tasks under way, shown or not."""
    return list(_tasks)


def tasks() -> list[Task]:
    """The tasks under way that the panel shows, the oldest first."""
    now = time.monotonic()
    shown = [task for task in _tasks if task.label and now - task.begun > HIDDEN]
    return sorted(shown, key=lambda task: task.number)


def wait(task: Task) -> Any:
    """Take steps until a task is done; what it has returned. Its error is raised. For scripts and `blender -b`."""
    try:
        while not task.done:
            if tick():
                time.sleep(0.001)
    except BaseException:  # Ctrl+C
        task.cancel()
        tick()
        raise
    return task.result()


def in_thread(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Something to wait for: a function that takes long and touches nothing of Blender's."""
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(2, thread_name_prefix="ludvig")
    return _pool.submit(function, *arguments)


def wake() -> None:
    """See to it that ticks come."""
    if not bpy.app.timers.is_registered(tick) and not bpy.app.background:
        bpy.app.timers.register(
            tick, first_interval=0, persistent=True
        )  # else loading a file would end it
    redraw()


def tick() -> float | None:
    """Take steps for `BUDGET` seconds; seconds until the next tick, None if there is nothing more to do."""
    global _shown
    deadline = time.perf_counter() + BUDGET
    for task in list(_tasks):
        if task.watch():
            _redraw_sometimes()
    finished = False
    while time.perf_counter() < deadline:
        task = next((task for task in _tasks if task.ready), None)  # type: ignore[assignment]
        if task is None:
            break
        _tasks.remove(task)  # its callbacks may wait for others and so call this again
        task.step()
        if task.done:
            finished = True
        else:
            _tasks.append(task)
    shown = tuple(task.number for task in tasks())
    if finished or shown != _shown:
        _shown = shown
        redraw()
    if not _tasks:
        return None
    return 0.0 if any(task.ready for task in _tasks) else POLL


def stop() -> None:
    """Forget all tasks; end the timer and the threads."""
    global _pool
    while _tasks:
        _tasks.popleft().close()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
        _pool = None


def redraw() -> None:
    """Draw the sidebars and preferences again; not the viewports, which would draw all splats."""
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
    """Show an error in the panel, unless the user has asked for it."""
    from ..data import messages

    if error.kind not in QUIET:
        messages.show(error)


def _redraw_sometimes() -> None:
    global _drawn
    if time.monotonic() - _drawn > REDRAW:
        _drawn = time.monotonic()
        redraw()


def _is_done(awaited: Any) -> bool:
    done = awaited.done  # a method of futures, a property of all others
    return bool(done() if callable(done) else done)


def _bug(error: Exception) -> EngineError:
    logging.getLogger(__name__).error("A mistake in LUDVIG", exc_info=error)
    return EngineError(
        "internal",
        f"A mistake in LUDVIG: {type(error).__name__}: {error}",
        [Fix("Report it, with Blender's console output.", "report")],
    )
