"""An engine that is killed at random moments: `ludvig bench kills`.

Each time another one starts with the cache that the killed one has left, in which a file is damaged
besides, and does everything again. Its answers must be those of an engine that was never killed.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from ..outside import system
from ..wire.client import Engine
from ..wire.methods import (
    AutoSegments,
    CacheInfo,
    ComputeFeatures,
    OpenScene,
    PreviewFeatures,
    Prompt,
    Request,
    RunSegment,
)
from . import disk_scene


def run(
    kills: int = 12, *, seed: int = 0, note: Callable[[str], object] = print
) -> dict[str, float]:
    """How many restarts gave the same answers; `note` is told of those that did not."""
    rng = random.Random(seed)
    figures = dict.fromkeys(("kills", "during_work", "damaged_entries", "identical"), 0.0)
    with tempfile.TemporaryDirectory(prefix="ludvig-kills-") as name:
        folder = Path(name)
        scene = disk_scene.write(folder / "scene")
        with _engine(folder / "first") as engine:
            requests = _requests(engine, scene)
            expected, _ = _work(engine, requests)  # it may also compile
        with _engine(folder / "whole") as engine:
            again, seconds = _work(engine, requests)
        if _differing(again, expected):
            note(f"without any kill, two engines differ in {_differing(again, expected)}")
        for number in range(kills):
            cache = folder / f"cache {number}"
            figures["during_work"] += _killed(cache, requests, seconds, rng)
            figures["damaged_entries"] += _damage(cache, rng)
            with _engine(cache) as engine:
                found, _ = _work(engine, requests)
            if wrong := _differing(found, expected):
                note(f"after kill {number}, other answers than without it: {wrong}")
            figures["kills"] += 1
            figures["identical"] += not wrong
    return figures


def _engine(cache: Path) -> Engine:
    cache.mkdir(exist_ok=True)
    # One thread: the last bits of a sum depend on the order of its terms.
    environment = {"LUDVIG_CACHE": str(cache), "LUDVIG_THREADS": "1"}
    return Engine.start(log=cache / "engine.log", environment=environment)


def _requests(engine: Engine, scene: Path) -> list[Request[Any]]:
    """Everything from the files to a selection."""
    files = OpenScene(splats=str(scene / "splats.ply"), views=str(scene))
    name = engine.call(files).scene  # every engine gives it the same name
    pixels = np.array([[60, 40]], np.float32)
    click = Prompt("click", view="photo_0.png", pixels=pixels)
    return [
        files,
        ComputeFeatures(name),
        PreviewFeatures(name),
        AutoSegments(name),
        RunSegment(name, (click,)),
    ]


def _work(engine: Engine, requests: list[Request[Any]]) -> tuple[list[Any], list[float]]:
    """The answers, and the seconds that each took."""
    engine.call(CacheInfo())  # by its answer, the engine has imported everything
    answers, seconds = [], []
    for request in requests:
        started = time.perf_counter()
        answers.append(engine.call(request))
        seconds.append(time.perf_counter() - started)
    return answers, seconds


def _killed(
    cache: Path, requests: list[Request[Any]], seconds: list[float], rng: random.Random
) -> bool:
    """Kill an engine in the middle of one of the requests; whether it was at work."""
    step = rng.randrange(len(requests))
    with _engine(cache) as engine:
        _work(engine, requests[:step])
        assert engine.process
        call = engine.send(requests[step])
        time.sleep(rng.uniform(0, seconds[step]))
        os.kill(engine.process.pid, system.kill_signal())
        try:
            call.result()
        except EngineError:
            return True
    return False


def _damage(cache: Path, rng: random.Random) -> bool:
    """Cut off, or change a byte of, one of the results on disk; whether there was one."""
    entries = sorted(path for path in cache.glob("??/*") if not path.name.startswith("."))
    if not entries:
        return False
    path = rng.choice(entries)
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    if rng.random() < 0.5:
        del data[place:]
    else:
        data[place] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return True


def _differing(found: list[Any], expected: list[Any]) -> list[str]:
    """The names of the arrays that are not the same, bit by bit."""
    return [
        f"{type(answer).__name__}.{name}"
        for answer, other in zip(found, expected, strict=True)
        for name, value in vars(answer).items()
        if isinstance(value, np.ndarray) and not np.array_equal(value, getattr(other, name))
    ]
