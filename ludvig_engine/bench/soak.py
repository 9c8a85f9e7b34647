"""An engine that is used for hours, in minutes: `ludvig bench soak`.

Scenes are opened by clients that come and go, clicked on, and asked random things that are often
cancelled. What the process holds should be the same at the beginning and at the end of each part.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from ..wire import codec
from ..wire.calls import Call
from ..wire.client import Engine
from ..wire.methods import (
    AutoSegments,
    ClearCache,
    ComputeFeatures,
    FreeMemory,
    GrowSegment,
    OpenScene,
    Prompt,
    RunSegment,
    ShrinkSegment,
)
from ..wire.process import EngineProcess, engine_command
from . import disk_scene
from .odd_requests import Maker, World, choose
from .vitals import Vitals

COUNT = 2000  # splats
# The first part of each is not compared: it loads and compiles. Some random requests come rarely:
# the libraries of the last of them were loaded after 9 minutes beside five other programs.
WARM = 0.1
WARM_RANDOM = 0.5
BURST = 6  # random requests at once
SETTLE_SECONDS = 10.0  # for threads to end that were told to


def run(
    opens: int = 200, clicks: int = 10_000, minutes: float = 10, *, seed: int = 0
) -> dict[str, float]:
    """What the engine holds after each part, and how much more that is than before it."""
    with tempfile.TemporaryDirectory(prefix="ludvig-soak-") as name:
        folder = Path(name)
        scene = disk_scene.write(folder / "scene", COUNT)
        # Without weights, the best extractor is the one that is soon done.
        environment = {name: str(folder / name) for name in ("LUDVIG_CACHE", "LUDVIG_MODELS")}
        process = EngineProcess(
            engine_command(sys.executable), log=folder / "log", environment=environment
        )
        try:
            return _Soak(process, scene, seed).run(opens, clicks, minutes)
        finally:
            process.end()


class _Soak:
    """One engine in use."""

    def __init__(self, process: EngineProcess, scene: Path, seed: int) -> None:
        self.process = process
        self.files = OpenScene(splats=str(scene / "splats.ply"), views=str(scene))
        self.rng = random.Random(seed)
        self.outcomes: Counter[str] = Counter()

    def run(self, opens: int, clicks: int, minutes: float) -> dict[str, float]:
        with self._client() as engine:
            scene = engine.call(self.files).scene
            engine.call(ComputeFeatures(scene))
            engine.call(AutoSegments(scene))
        figures = self._part("opens", opens, self._visit)
        with self._client() as engine:
            figures |= self._part(
                "clicks", clicks, lambda: self._click(engine, scene), client=engine
            )
            end = time.monotonic() + 60 * minutes
            figures |= self._part(
                "random", 60 * minutes, lambda: self._burst(engine, scene), client=engine, until=end
            )
        return figures | {f"random_{kind}": count for kind, count in self.outcomes.items()}

    def _client(self) -> Engine:
        return Engine.attach(self.process.token, port=self.process.address()[1])

    def _part(
        self,
        name: str,
        amount: float,
        act: Callable[[], object],
        *,
        client: Engine | None = None,
        until: float = 0,
    ) -> dict[str, float]:
        """Do something `amount` times, or for so many seconds; how it has changed the engine.

        `client` is the one that is connected meanwhile, if one is: there can only be one.
        """
        warm, done = self._look(client), 0
        started = time.monotonic()
        counting = True
        share = WARM_RANDOM if until else WARM
        while (time.monotonic() < until) if until else (done < amount):
            progress = (time.monotonic() - started if until else done) / amount
            if counting and progress >= share:
                warm, counting = self._look(client), False
            act()
            done += 1
        end = self._settled(warm, client)
        return {
            f"{name}_done": done,
            f"{name}_memory_MB": end.memory,
            f"{name}_memory_growth_MB": end.memory - warm.memory,
            f"{name}_threads_growth": end.threads - warm.threads,
            f"{name}_descriptors_growth": end.descriptors - warm.descriptors,
        }

    def _look(self, client: Engine | None) -> Vitals:
        """What the engine holds besides what it keeps on purpose, which has a limit of its own."""
        with nullcontext(client) if client else self._client() as engine:
            engine.call(FreeMemory())
        return Vitals.of(self.process.pid)

    def _settled(self, before: Vitals, client: Engine | None) -> Vitals:
        """What the engine holds, once what was told to end has had time to."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            now = self._look(client)
            grown = now.threads > before.threads or now.descriptors > before.descriptors
            if not grown or time.monotonic() > deadline:
                return now
            time.sleep(0.1)

    def _visit(self) -> None:
        with self._client() as engine:
            engine.call(self.files)

    def _click(self, engine: Engine, scene: str) -> None:
        rng = self.rng
        width, height = disk_scene.SIZE
        pixel = np.array([[rng.uniform(0, width - 1), rng.uniform(0, height - 1)]], np.float32)
        click = Prompt("click", view=f"photo_{rng.randrange(6)}.png", pixels=pixel)
        try:
            found = engine.call(RunSegment(scene, (click,)))
            if rng.random() < 0.1:
                change = rng.choice([GrowSegment, ShrinkSegment])
                engine.call(change(scene, found.selected))
        except EngineError as error:
            if error.kind != "bad_input":  # the sky shows nothing to select
                raise

    def _burst(self, engine: Engine, scene: str) -> None:
        """Some requests at once, of which some are cancelled at some moment."""
        rng = self.rng
        texts = {
            "scene": [scene],
            "view": [f"photo_{n}.png" for n in range(6)],
            "views": [self.files.views],
            "splats": [self.files.splats],
            "extractor": ["colour"] * 8,
            "kind": ["click", "scribble", "mask", "box"],
            "replaces": ["click", ""],
        }
        calls: list[Call[Any]] = []
        for _ in range(rng.randint(1, BURST)):
            kind = choose(rng)
            if kind is ClearCache and rng.random() < 0.9:
                continue  # it would leave little to do for the others
            try:
                request = codec.decode(kind, *Maker(World(texts, COUNT), rng).sound(kind))
            except EngineError:
                self.outcomes["not_sent"] += 1
                continue
            calls.append(engine.send(request))
        time.sleep(rng.choice([0, 0, 0.01, 0.1]))
        for call in calls:
            if rng.random() < 0.4:
                call.cancel()
        for call in calls:
            try:
                call.result()
                self.outcomes["answered"] += 1
            except EngineError as error:
                if error.kind in ("engine_gone", "protocol", "internal"):
                    raise
                self.outcomes[error.kind] += 1
        engine.poll()
