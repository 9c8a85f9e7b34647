"""An engine whose handlers only pretend, to test everything around them.

Tests start it as the real one is started.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ludvig_engine.cache.store import Cache, key
from ludvig_engine.errors import EngineError, Fix
from ludvig_engine.progress import Job
from ludvig_engine.service.server import serve
from ludvig_engine.wire.methods import Nothing, Request

COMMAND = [sys.executable, str(Path(__file__).resolve())]


@dataclass(frozen=True)
class Ping(Request[Nothing], method="fake/ping"):
    """Do nothing."""


@dataclass(frozen=True)
class Echoed:
    values: Annotated[np.ndarray, "F32", "N"]


@dataclass(frozen=True)
class Echo(Request[Echoed], method="fake/echo"):
    """Send the values back."""

    values: Annotated[np.ndarray, "F32", "N"]


@dataclass(frozen=True)
class Worked:
    steps: int
    made: int  # steps that were not in the cache


@dataclass(frozen=True)
class Work(Request[Worked], method="fake/work"):
    """Work in steps, as a loop over photos does; with `folder`, each is kept in a cache there."""

    steps: int
    seconds: float = 0.01  # per step
    folder: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class Fail(Request[Nothing], method="fake/fail"):
    """Fail in some way."""

    how: str


@dataclass(frozen=True)
class Hang(Request[Nothing], method="fake/hang"):
    """Take long without ever polling for cancellation.

    With `until`, only till that file exists; FILE.begun says that it is under way.
    """

    seconds: float
    until: str = ""


def work(request: Work, job: Job) -> Worked:
    cache = Cache(Path(request.folder)) if request.folder else None
    made = 0

    def make() -> dict[str, np.ndarray]:
        nonlocal made
        made += 1
        time.sleep(request.seconds)
        return {"step": np.full(1000, made, np.float32)}

    for step in job.track(range(request.steps), "Working"):
        if cache:
            cache.get_or(key("work", 1, step), make)
        else:
            make()
    return Worked(request.steps, made)


def fail(request: Fail, job: Job) -> Any:
    match request.how:
        case "engine":
            raise EngineError(
                "bad_file", "The file is a mesh.", [Fix("Choose a splat file.", "import_splats")]
            )
        case "bug":
            raise IndexError("line one\nline two")
        case "exit":
            sys.exit(3)
        case "memory":
            raise MemoryError
        case "answer":
            return Echoed(np.zeros(1, np.float32))
        case "shape":
            return None
    raise AssertionError(request.how)


def hang(request: Hang, job: Job) -> Nothing:
    with ThreadPoolExecutor(1) as pool:  # Python waits for such threads before it exits
        pool.submit(sleep, request).result()
    return Nothing()


def sleep(request: Hang) -> None:
    if request.until:
        Path(f"{request.until}.begun").touch()
    end = time.monotonic() + request.seconds
    while time.monotonic() < end and not (request.until and Path(request.until).exists()):
        time.sleep(0.01)


HANDLERS: dict[str, Callable[[Any, Job], Any]] = {
    Ping.method: lambda request, job: Nothing(),
    Echo.method: lambda request, job: Echoed(request.values),
    Work.method: work,
    Fail.method: fail,
    Hang.method: hang,
}

if __name__ == "__main__":
    serve(sys.argv[-1], HANDLERS)
