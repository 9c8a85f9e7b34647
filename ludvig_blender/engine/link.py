"""The one engine process of this Blender: started at its first use, never waited for.

    link.ask(MemoryInfo(), done=show)                           ask about no object
    subject.of(thing).ask(RunSegment("", prompts), done=apply)  ask about an object's splats
    return link.finish(self, task)                              end an operator (`blender -b` waits)

All of this runs on the main thread, callbacks included (pump.py). It does not import NumPy before
the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import bpy

from ...ludvig_engine.errors import EngineError
from ..data import messages
from . import pump, tasks, waiting
from .tasks import Options, Steps, Task

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Unpack

    from ...ludvig_engine.wire.client import Engine
    from ...ludvig_engine.wire.methods import ExtractorInfo, FeaturesListed, Memory, Request
    from ..data.types import Outcome
    from .interpreter import Place
    from .opened import Opened

R = TypeVar("R")  # the answer to a request

_connection: Connection | None = None
_starting: Task[Connection] | None = None
# By the word of `replaces`. Any, because each task has a result of its own type.
_newest: dict[str, Task[Any]] = {}


class Connection:
    """An engine process that has been started, and what is known about it."""

    def __init__(self, client: Engine) -> None:
        self.client = client
        self.scenes: dict[int, Opened] = {}  # by the object's session uid
        self.opening: dict[int, Task[Opened]] = {}  # by the object's session uid
        self.extractors: tuple[ExtractorInfo, ...] = ()  # empty before the engine has listed them
        self.segmenters: tuple[ExtractorInfo, ...] = ()  # the SAMs, likewise
        self.memory: Memory | None = None  # None before the engine has told


def ask(request: Request[R], *, replaces: str = "", **options: Unpack[Options[R]]) -> Task[R]:
    """Ask the engine, which is started if it does not run; returns at once.

    Either `done(answer)` or `failed(error)` is called once; without `failed`, errors are shown in
    the panel. A newer request with the same word in `replaces` replaces this one, whose `failed` is
    then called with the error "superseded". A request with a `label` ("Computing features") is
    shown in the panel, with a button to cancel it.
    """
    return begin(asking(with_word(request, replaces)), replaces, **options)


def wait(task: Task[R]) -> R:
    """Take the steps of a task until it is done, callbacks included; returns its result.

    Raises the task's `EngineError`.
    """
    return pump.wait(task)


def finish(operator: bpy.types.Operator, task: Task[R]) -> Outcome:
    """What an operator that has begun a task returns; in `blender -b` it waits for the task."""
    if bpy.app.background:
        try:
            wait(task)
        except EngineError as error:
            return messages.fail(operator, error)
    return {"FINISHED"}


def state() -> str:
    """The state of the engine: "stopped", "starting", "running" or "crashed"."""
    if _starting is not None:
        return "starting"
    if _connection is None:
        return "stopped"
    return "crashed" if _connection.client.error else "running"


def ask_about_itself() -> None:
    """Ask a running engine, for the panel, about its memory and the features it knows."""
    from ...ludvig_engine.wire.methods import ListFeatures, MemoryInfo

    about = _connection
    if about is None or about.client.info is None:
        return

    def note_memory(memory: Memory) -> None:
        about.memory = memory

    def note_extractors(listed: FeaturesListed) -> None:
        about.extractors, about.segmenters = listed.extractors, listed.segmenters

    known = about.client.info.methods
    if MemoryInfo.method in known:
        pump.start(answered(about.client, MemoryInfo()), done=note_memory)
    if ListFeatures.method in known:
        pump.start(answered(about.client, ListFeatures()), done=note_extractors)


def start() -> Task[Connection]:
    """Start the engine, unless it runs."""
    return pump.start(running(), label="Starting the engine")


def connection() -> Connection | None:
    """The engine that runs or has crashed; None if none was started."""
    return _connection


def stop(*, wait: bool = False) -> None:
    """End the engine, until it is needed again. Open requests fail with the error "closed"."""
    global _connection
    if _starting is not None:
        _starting.cancel()
    ended, _connection = _connection, None
    if ended is not None and wait:
        ended.client.close()
    elif ended is not None:
        waiting.in_thread(ended.client.close)  # takes seconds if the engine does not respond


# Tasks, for modules that send several requests in a row


def begin(steps: Steps[R], replaces: str = "", **options: Unpack[Options[R]]) -> Task[R]:
    """Start a task; an unfinished one with the same word in `replaces` is cancelled."""
    if replaces and (older := _newest.get(replaces)):
        older.cancel(tasks.superseded())
    task = pump.start(steps, **options)
    if replaces:
        _newest[replaces] = task
    return task


def asking(request: Request[R]) -> Steps[R]:
    """The steps from a request to its answer; they start the engine if it does not run."""
    client = (yield from running()).client
    return (yield from answered(client, request))


def answered(client: Engine, request: Request[R]) -> Steps[R]:
    """The steps from a request to a running engine to its answer."""
    call = client.send(request)
    try:
        return (yield call)
    finally:
        if not call.done:
            call.cancel()
        # The client keeps answered calls until it is polled.
        client.poll()


def running() -> Steps[Connection]:
    """The steps to an engine that runs."""
    global _starting
    if state() == "running" and _connection is not None:
        return _connection
    if _starting is None:
        # Whoever waits for this task shows its error.
        _starting = pump.start(_start(), failed=lambda error: None)
    return (yield _starting)


def _start() -> Steps[Connection]:
    global _connection, _starting
    from . import interpreter

    crashed, _connection = _connection, None
    if crashed is not None:
        waiting.in_thread(crashed.client.close)
    try:
        place = interpreter.find()
        # In a thread, because a virus scanner on Windows makes it slow to start a process.
        future = waiting.in_thread(_launch, place)
        try:
            client = yield future
            yield waiting.Until(lambda: client.info or client.error)
        except BaseException:
            future.add_done_callback(_close)
            raise
        if client.error:
            waiting.in_thread(client.close)
            raise client.error
        _connection = Connection(client)
        ask_about_itself()
        return _connection
    finally:
        _starting = None


def _close(future: Future[Engine]) -> None:
    if future.exception() is None:
        future.result().close()


def _launch(place: Place) -> Engine:
    from ...ludvig_engine.wire.client import Engine

    return Engine.start(place.python, command=place.command, environment=place.environment)


def with_word(request: Request[R], replaces: str) -> Request[R]:
    """The request with the word in its own field `replaces`, if it has one, for the engine."""
    import dataclasses

    # Every request is a dataclass, though their common base is none.
    names = {field.name for field in dataclasses.fields(request)}  # type: ignore[arg-type]
    if not replaces or "replaces" not in names:
        return request
    return dataclasses.replace(request, replaces=replaces)  # type: ignore[type-var]


def register() -> None:
    pass


def unregister() -> None:
    pump.stop()
    stop(wait=True)
    _newest.clear()
