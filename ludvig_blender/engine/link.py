"""The one engine of this Blender: started when it is first needed, asked from the main thread, never waited for.

    link.ask(MemoryInfo(), done=show)                       what concerns no object
    subject.of(thing).ask(RunSegment("", prompts), done=apply)     what concerns the splats of one
    return link.finish(self, task)                          at the end of an operator: in `blender -b` it waits

Callbacks come on the main thread (pump.py). Nothing of this needs NumPy before something is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ...ludvig_engine.errors import EngineError
from ..data import messages
from . import pump
from .pump import Task

_connection: Connection | None = None
_starting: Task | None = None
_newest: dict[str, Task] = {}  # by the word of `replaces`


class Connection:
    """An engine process that has been started, and what it knows: gone with it."""

    def __init__(self, client: Any) -> None:
        self.client = client  # ludvig_engine.wire.client.Engine
        self.scenes: dict[int, Any] = {}  # subject.Opened, by the object's session uid
        self.opening: dict[int, Task] = {}  # likewise
        self.extractors: tuple[Any, ...] = ()  # methods.ExtractorInfo, once it has told
        self.memory: Any = None  # methods.Memory, likewise


def ask(
    request: Any,
    *,
    done: Callable[[Any], object] | None = None,
    failed: Callable[[EngineError], object] | None = None,
    progress: Callable[[Any], object] | None = None,
    replaces: str = "",
    label: str = "",
) -> Task:
    """Ask the engine, which is started if it does not run; returns at once.

    `done(answer)`, or `failed(error)`, is called once; without `failed` errors go to the panel. `progress(report)` gets
    `protocol.Progress`. A newer request with the same word in `replaces` takes the place of this one, whose `failed` is
    then called with the error "superseded". With a `label` ("Computing features") the panel shows it, with a button
    that cancels it.
    """
    request = with_word(request, replaces)
    return begin(
        asking(request), replaces, done=done, failed=failed, progress=progress, label=label
    )


def wait(task: Task) -> Any:
    """Take the steps of a task until it is done, callbacks included; what it has returned. Raises its `EngineError`."""
    return pump.wait(task)


def finish(operator: Any, task: Task) -> set[str]:
    """What an operator returns that has begun a task: in `blender -b` not before it is done."""
    if bpy.app.background:
        try:
            wait(task)
        except EngineError as error:
            return messages.fail(operator, error)
    return {"FINISHED"}


def state() -> str:
    """What the engine does: "stopped", "starting", "running", or "crashed"."""
    if _starting is not None:
        return "starting"
    if _connection is None:
        return "stopped"
    return "crashed" if _connection.client.error else "running"


def ask_about_itself() -> None:
    """Let a running engine tell, for the panel, what it computes on and which features it knows."""
    from ...ludvig_engine.wire.methods import ListFeatures, MemoryInfo

    about = _connection
    if about is None or about.client.info is None:
        return

    def note(name: str, value: Any) -> None:
        setattr(about, name, value)

    for request, done in (
        (MemoryInfo(), lambda memory: note("memory", memory)),
        (ListFeatures(), lambda listed: note("extractors", listed.extractors)),
    ):
        if request.method in about.client.info.methods:
            pump.start(answered(about.client, request), done=done)


def start() -> Task:
    """Start the engine, unless it runs."""
    return pump.start(running(), label="Starting the engine")


def connection() -> Connection | None:
    """The engine that runs, or has crashed; None while there is none."""
    return _connection


def stop(*, wait: bool = False) -> None:
    """End the engine; what was asked of it fails with the error "closed". It starts again when it is needed."""
    global _connection
    if _starting is not None:
        _starting.cancel()
    ended, _connection = _connection, None
    if ended is not None and wait:
        ended.client.close()
    elif ended is not None:
        pump.in_thread(ended.client.close)  # takes seconds if the engine does not listen


# Tasks, for the modules that put several requests in a row


def begin(steps: pump.Steps, replaces: str = "", **options: Any) -> Task:
    """Start a task; an unfinished one with the same word in `replaces` is superseded."""
    if replaces and (older := _newest.get(replaces)):
        older.cancel(EngineError("superseded", "A newer request took the place of this one."))
    task = pump.start(steps, **options)
    if replaces:
        _newest[replaces] = task
    return task


def asking(request: Any) -> pump.Steps:
    """The steps of asking one thing."""
    client = (yield from running()).client
    return (yield from answered(client, request))


def answered(client: Any, request: Any) -> pump.Steps:
    """The steps of asking a client that is there."""
    call = client.send(request)
    try:
        return (yield call)
    finally:
        if not call.done:
            call.cancel()
        client.poll()  # it keeps the news for whoever polls, and so the answers


def running() -> pump.Steps:
    """The steps to an engine that runs: returns the `Connection`."""
    global _starting
    if state() == "running":
        return _connection
    if _starting is None:
        _starting = pump.start(_start(), failed=lambda error: None)  # whoever waits for it tells
    return (yield _starting)


def _start() -> pump.Steps:
    global _connection, _starting
    from . import interpreter

    crashed, _connection = _connection, None
    if crashed is not None:
        pump.in_thread(crashed.client.close)
    try:
        place = interpreter.find()
        # In a thread: making a process takes its time on Windows, where a virus scanner looks on.
        future = pump.in_thread(_launch, place)
        try:
            client = yield future
            yield pump.Until(lambda: client.info or client.error)
        except BaseException:
            future.add_done_callback(lambda future: future.exception() or future.result().close())
            raise
        if client.error:
            pump.in_thread(client.close)
            raise client.error
        _connection = Connection(client)
        ask_about_itself()
        return _connection
    finally:
        _starting = None


def _launch(place: Any) -> Any:
    from ...ludvig_engine.wire.client import Engine

    return Engine.start(place.python, command=place.command, environment=place.environment)


def with_word(request: Any, replaces: str) -> Any:
    """The request with the word in its own field `replaces`, if it has one, for the engine to see."""
    import dataclasses

    if replaces and any(field.name == "replaces" for field in dataclasses.fields(request)):
        return dataclasses.replace(request, replaces=replaces)
    return request


def register() -> None:
    pass


def unregister() -> None:
    pump.stop()
    stop(wait=True)
    _newest.clear()
