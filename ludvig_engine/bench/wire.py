"""How fast the wire is, and how fast the engine starts: `ludvig bench wire`.

Arrays are sent to another process and back, over the protocol, and in the same run over Python's
`multiprocessing.Pipe`, which pickles. Times are the best of several wall times, since that is what
the user waits for.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Annotated

import numpy as np

from ..progress import Job
from ..service.server import serve
from ..wire.client import Engine
from ..wire.methods import CacheInfo, Nothing, Request
from ..wire.process import EngineProcess, engine_command


@dataclass(frozen=True)
class Ping(Request[Nothing], method="bench/ping"):
    """A call without data."""


@dataclass(frozen=True)
class Take(Request[Nothing], method="bench/take"):
    """Send an array to the other process."""

    values: Annotated[np.ndarray, "F32", "N"]


@dataclass(frozen=True)
class Echoed:
    """The array of an `Echo`."""

    values: Annotated[np.ndarray, "F32", "N"]


@dataclass(frozen=True)
class Echo(Request[Echoed], method="bench/echo"):
    """Send an array to the other process and back."""

    values: Annotated[np.ndarray, "F32", "N"]


def run(repeat: int = 5) -> dict[str, float]:
    """Seconds by subject: `wire_*` is this engine's protocol, `pipe_*` is multiprocessing."""
    figures = _starting(repeat)
    with Engine.start(command=[sys.executable, "-m", "ludvig_engine.bench.wire"]) as engine:
        figures |= _measure("wire", lambda request: engine.call(request), repeat)
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_answer, args=(there,))
    child.start()

    def ask(request: object) -> object:
        here.send(request)
        return here.recv()

    figures |= _measure("pipe", ask, repeat)
    here.send(None)
    child.join()
    return figures


def _starting(repeat: int) -> dict[str, float]:
    """Seconds from starting the engine to its connection file, and to its first answer.

    The first answer waits for the imports.
    """
    listening, answering = float("inf"), float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        process = EngineProcess(engine_command(sys.executable))
        process.address()
        listening = min(listening, time.perf_counter() - start)
        with Engine(process.address, process.token, process) as engine:
            engine.call(CacheInfo())
            answering = min(answering, time.perf_counter() - start)
    return {"start_to_connection_file": listening, "start_to_first_answer": answering}


def _measure(name: str, ask: Callable[[Request], object], repeat: int) -> dict[str, float]:
    million, large = np.ones(1_000_000, np.float32), np.ones(48_000_000, np.float32)
    return {
        f"{name}_empty_call": _best(lambda: ask(Ping()), 200 * repeat),
        f"{name}_1M_floats_there_and_back": _best(lambda: ask(Echo(million)), 4 * repeat),
        f"{name}_192MB_there": _best(lambda: ask(Take(large)), repeat),
        f"{name}_192MB_there_and_back": _best(lambda: ask(Echo(large)), repeat),
    }


def _best(act: Callable[[], object], times: int) -> float:
    found = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        act()
        found = min(found, time.perf_counter() - start)
    return found


def _handle(request: Request, job: Job | None = None) -> object:
    return Echoed(request.values) if isinstance(request, Echo) else Nothing()


def _answer(connection: Connection) -> None:
    """The other end of the pipe."""
    while (request := connection.recv()) is not None:
        connection.send(_handle(request))


# `run` starts this as the engine in the other process.
if __name__ == "__main__":
    serve(sys.argv[-1], {kind.method: _handle for kind in (Ping, Take, Echo)})
