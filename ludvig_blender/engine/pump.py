"""The one timer that drives all tasks on Blender's main thread, and never blocks Blender.

In scripts, and in `blender -b` where no timer runs, `wait` takes the steps.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, TypeVar, cast

import bpy

from . import waiting
from .tasks import Options, Steps, Task

if TYPE_CHECKING:
    from typing import Unpack

R = TypeVar("R")  # what a task returns

# Seconds of steps per tick. With a last step of 7 ms a tick is still too short to notice.
BUDGET = 0.003
POLL = 0.01  # seconds between checks of awaited things
REDRAW = 0.05  # seconds between two redraws for progress
# Seconds before a task is shown, because shorter tasks would only flicker.
HIDDEN = 0.3

_tasks: deque[Task[object]] = deque()  # unfinished tasks, the next one first
_drawn = 0.0
_shown: tuple[int, ...] = ()  # numbers of the tasks in the panel


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


def shown() -> list[Task[object]]:
    """The unfinished tasks that the panel shows, the oldest first."""
    now = time.monotonic()
    long = [task for task in _tasks if task.label and now - task.begun > HIDDEN]
    return sorted(long, key=lambda task: task.number)


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
    numbers = tuple(task.number for task in shown())
    if finished or numbers != _shown:
        _shown = numbers
        redraw()
    if not _tasks:
        return None
    return 0.0 if any(task.ready for task in _tasks) else POLL


def stop() -> None:
    """End all tasks, the timer and the threads."""
    while _tasks:
        _tasks.popleft().close()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    waiting.stop()


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


def _redraw_sometimes() -> None:
    global _drawn
    if time.monotonic() - _drawn > REDRAW:
        _drawn = time.monotonic()
        redraw()
