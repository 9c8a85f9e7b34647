"""Odd requests to a real engine by a client that knows the token: `ludvig bench fuzz-wire`.

A third of the frames are sound requests with random values, a third have something exchanged, and
the rest have bytes exchanged or are no requests. The engine may refuse a request, with an error
that says why, and hang up on what is no frame. It may not fail ("internal"), stay silent, end, or
keep growing. Each frame depends on the seed and its number only.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..wire.client import Engine
from ..wire.connection import Connection
from ..wire.handshake import greet
from ..wire.json_text import ProtocolError
from ..wire.methods import ComputeFeatures, OpenScene, Prompt, RunSegment
from ..wire.process import EngineProcess, engine_command
from ..wire.protocol import Message, pack_message
from . import disk_scene
from .odd_requests import Maker, World, choose
from .vitals import Vitals

COUNT = 1000  # splats
ANSWER_SECONDS = 300.0  # after which a request counts as not answered
EXTRACTORS = (
    *["colour"] * 8,
    "auto",
    "files:",
    "files:/",
    "dinov2:small",
    "color",
    "dinov2:?",
    ":",
)


def run(
    frames: int = 20_000, *, seed: int = 0, note: Callable[[str], object] = print
) -> dict[str, float]:
    """Counts of what the engine did; `note` is told of everything that it may not do."""
    with tempfile.TemporaryDirectory(prefix="ludvig-fuzz-") as name:
        folder = Path(name)
        scene = disk_scene.write(folder / "scene", COUNT, views=3)
        # Without weights, the best extractor is the one that is soon done.
        environment = {name: str(folder / name) for name in ("LUDVIG_CACHE", "LUDVIG_MODELS")}
        process = EngineProcess(
            engine_command(sys.executable), log=folder / "log", environment=environment
        )
        try:
            return _Fuzz(process, scene, seed, note).run(frames)
        finally:
            process.end()


class _Fuzz:
    """One engine under fire."""

    def __init__(
        self, process: EngineProcess, scene: Path, seed: int, note: Callable[[str], object]
    ) -> None:
        self.process = process
        self.folder = scene
        self.seed = seed
        self.note = note
        self.counts: Counter[str] = Counter()
        self.longest = 0.0
        self.connection: Connection | None = None

    def run(self, frames: int) -> dict[str, float]:
        click = Prompt("click", view="photo_0.png", pixels=np.array([[60, 40]], np.float32))
        request, before = self._sound_click(click)
        texts = {
            "scene": [request.scene],
            "view": [f"photo_{n}.png" for n in range(3)],
            "views": [str(self.folder), str(self.folder / "transforms.json"), "photo_1.png"],
            "picture": ["photo_2.png"],
            "splats": [str(self.folder / "splats.ply"), str(self.folder), "/dev/null"],
            "photos": [str(self.folder / "images"), str(self.folder)],
            "extractor": EXTRACTORS,
            "kind": ["click", "click", "scribble", "scribble", "mask", "box", "text"],
            "replaces": ["click"],
        }
        world = World(texts, COUNT)
        warm = Vitals.of(self.process.pid)
        for number in range(frames):
            if number == frames // 2:  # by then all is loaded, and kept as far as it is kept
                warm = Vitals.of(self.process.pid)
            rng = random.Random(f"{self.seed}-{number}")
            self._one(number, rng, Maker(world, rng))
        self._hang_up()
        _, after = self._sound_click(click)
        if not np.array_equal(before, after):
            self._wrong("the same click has another answer afterwards")
        end = Vitals.of(self.process.pid)
        return {
            "frames": frames,
            **{name: self.counts[name] for name in ("answered", "refused", "closed", "wrong")},
            "longest_seconds": self.longest,
            "memory_MB": end.memory,
            "memory_growth_MB_of_second_half": end.memory - warm.memory,
            "threads_growth": end.threads - warm.threads,
            "descriptors_growth": end.descriptors - warm.descriptors,
        }

    def _sound_click(self, click: Prompt) -> tuple[RunSegment, np.ndarray]:
        """A click by the ordinary client, and the scores that answer it."""
        with Engine.attach(self.process.token, port=self.process.address()[1]) as engine:
            files = OpenScene(splats=str(self.folder / "splats.ply"), views=str(self.folder))
            request = RunSegment(engine.call(files).scene, (click,))
            # Without a number of channels, a click means the last one that was asked for.
            engine.call(ComputeFeatures(request.scene))
            return request, engine.call(request).scores

    def _one(self, number: int, rng: random.Random, maker: Maker) -> None:
        """Send one frame, and see what the engine makes of it."""
        way = rng.random()
        sound = way < 1 / 3
        kind = choose(rng)
        params, arrays = maker.sound(kind) if sound else maker.odd(kind)
        message: Message = {"id": number, "method": kind.method, "params": params}
        data = b"".join(pack_message(message, arrays))
        try:
            if way < 2 / 3:
                self._ask(number, kind.method, data)
            elif way < 0.8:
                self._tell(rng, params)
            else:
                self._break(rng, data)
        except (OSError, EOFError, ProtocolError) as error:
            self._wrong(f"frame {number}, {kind.method}: {error!r}")
            self._hang_up()

    def _ask(self, number: int, method: str, data: bytes) -> None:
        began = time.perf_counter()
        connection = self._connected()
        connection.send([data])
        while True:
            answer, _ = connection.receive(deadline=time.monotonic() + ANSWER_SECONDS)
            if "method" not in answer and answer["id"] == number:
                break
        self.longest = max(self.longest, time.perf_counter() - began)
        if "result" in answer:
            self.counts["answered"] += 1
            return
        self.counts["refused"] += 1
        error = answer["error"]
        if error["data"]["kind"] == "internal":
            self._wrong(f"frame {number}, {method}: {error['message']}")

    def _tell(self, rng: random.Random, params: Any) -> None:
        """A message without an answer, often about cancelling something that does not run."""
        about = rng.choice([{"id": 1}, {"id": rng.random()}, {"id": [{}]}, {}, params])
        method = rng.choice(["$/cancelRequest", "$/cancelRequest", "$/odd", "segment/run", ""])
        self._connected().send(pack_message({"method": method, "params": about}))
        self.counts["told"] += 1

    def _break(self, rng: random.Random, data: bytes) -> None:
        """Exchange some bytes, send nothing more, and wait for the engine to hang up."""
        broken = bytearray(data)
        size = int.from_bytes(data[:8], "little")
        for _ in range(rng.choice([1, 1, 2, 8])):
            broken[rng.randrange(8 + size) if rng.random() < 0.9 else rng.randrange(8)] = (
                rng.randrange(256)
            )
        if rng.random() < 0.3:
            del broken[rng.randrange(len(broken)) :]
        connection = self._connected()
        sock = connection._socket
        with contextlib.suppress(OSError):  # it may hang up before it has read everything
            sock.sendall(broken)
            sock.shutdown(socket.SHUT_WR)
        sock.settimeout(ANSWER_SECONDS)
        try:
            while sock.recv(1 << 20):
                pass
        except TimeoutError:
            raise
        except OSError:  # a reset, for the same reason
            pass
        self.counts["closed"] += 1
        self._hang_up()

    def _connected(self) -> Connection:
        if self.connection is None:
            self.connection = Connection(socket.create_connection(self.process.address(), 10))
            self.connection._socket.settimeout(None)
            deadline = time.monotonic() + ANSWER_SECONDS
            greet(self.connection, self.process.token, f"fuzz {os.getpid()}", deadline=deadline)
        return self.connection

    def _hang_up(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def _wrong(self, what: str) -> None:
        self.counts["wrong"] += 1
        self.note(what)
