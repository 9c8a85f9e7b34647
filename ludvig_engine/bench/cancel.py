"""How long cancelling takes: `ludvig bench cancel`.

A job ends where it next looks whether it is still wanted. So the longest time between two looks of an undisturbed
request is the longest that cancelling it can take, whatever the moment. Beside it requests are really cancelled, at
moments of all stages, through the queue that the server uses; and a brush is dragged, every step of which takes the
place of the one before. Wall time on all cores, as the user waits for it.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..cache.store import Cache
from ..errors import EngineError
from ..pictures.draw import rgb
from ..progress import Job
from ..scene import Camera, Gaussians, View
from ..service.handlers import HANDLERS
from ..service.jobs import Jobs
from ..service.session import pack_answer
from ..service.state import ARRAYS, State
from ..stages import STAGES, START, Stage
from ..wire.methods import (
    AutoSegments,
    Cloud,
    ComputeFeatures,
    FreeMemory,
    GrowSegment,
    OpenScene,
    PreviewFeatures,
    Prompt,
    Request,
    RunSegment,
    Viewport,
)

COEFFICIENTS = 15  # per Gaussian, of the spherical harmonics of degree 3: as trained scenes have
MOMENTS = 12  # at which a request is cancelled
STEPS, PAUSE = 20, 0.05  # of the brush; seconds between them


def run(gaussians: Gaussians, cameras: Sequence[Camera]) -> dict[str, float]:
    """Seconds: the longest between two looks by request, the stage of the longest, and the cancels that were tried."""
    gaussians = replace(gaussians, shN=np.zeros((len(gaussians), COEFFICIENTS, 3), np.float32))
    figures: dict[str, float] = {"gaussians": len(gaussians)}
    with tempfile.TemporaryDirectory() as folder:
        state = State(Cache(Path(folder) / "cache"))
        longest: dict[str, dict[str, float]] = {}
        for name, request in _requests(state, gaussians, cameras, Path(folder)):
            looks = Looks()
            start = time.perf_counter()
            pack_answer(0, HANDLERS[request.method](state, request, looks))
            figures[f"{name}_s"] = time.perf_counter() - start
            looks.cancelled()
            longest[name] = looks.longest
            figures[f"{name}_longest_s"] = max(looks.longest.values())
            if name == "first_click":
                first = request
        figures["longest_s"] = max(max(stages.values()) for stages in longest.values())
        for name, stages in longest.items():
            for id, seconds in stages.items():
                if seconds > 0.1:
                    figures[f"{name}, {STAGES.get(id, id)}_s"] = seconds
        waits = _cancelled(state, first, figures["first_click_s"])
        figures["cancelled"] = len(waits)
        figures["cancel_median_s"], figures["cancel_worst_s"] = statistics.median(waits), max(waits)
        HANDLERS[first.method](state, first, Job())
        figures |= {f"drag_{name}": value for name, value in _dragged(state, first).items()}
        state.free()
        figures |= {f"cold_drag_{name}": value for name, value in _dragged(state, first).items()}
    return figures


class Looks(Job):
    """The longest time between two looks of the thread that does the work, by the ids of stages."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = {}
        self._thread = threading.get_ident()
        self._id = START.id
        self._last = time.perf_counter()

    def report(self, stage: str, done: int, total: int) -> None:
        self._id = Stage.named(stage).id

    def cancelled(self) -> bool:
        if threading.get_ident() == self._thread:
            now = time.perf_counter()
            self.longest[self._id] = max(self.longest.get(self._id, 0), now - self._last)
            self._last = now
        return False


def _requests(
    state: State, gaussians: Gaussians, cameras: Sequence[Camera], folder: Path
) -> Iterator[tuple[str, Request[Any]]]:
    """What a user does to a scene, in order; each is asked before the next is made."""
    cloud = Cloud(**{name: getattr(gaussians, name) for name in ARRAYS})
    yield "open", OpenScene(cloud=cloud)
    views = []
    for number, camera in enumerate(cameras):
        path = folder / f"photo_{number}.png"
        Image.fromarray((rgb(gaussians, camera) * 255).round().astype(np.uint8)).save(path)
        views.append(View(path.name, camera, path, (camera.width, camera.height)))
    scene, _ = state.open(cloud, views)
    camera = cameras[0]
    viewport = Viewport(camera.viewmat, camera.K, camera.width, camera.height)
    middle = np.array([[camera.width / 2, camera.height / 2]], np.float32)
    beside = np.array([[0.05 * camera.width, 0.9 * camera.height]], np.float32)
    here = Prompt("click", viewport=viewport, pixels=middle)
    there = Prompt("click", viewport=viewport, pixels=beside, positive=False)
    yield "features", ComputeFeatures(scene, "colour")
    yield "first_click", RunSegment(scene, (here, there), "colour")
    yield "click", RunSegment(scene, (here, there), "colour")
    mask = np.zeros((camera.height, camera.width), bool)
    mask[camera.height // 3 : camera.height // 2, camera.width // 3 : camera.width // 2] = True
    yield "mask", RunSegment(scene, (Prompt("mask", viewport=viewport, mask=mask),), "colour")
    yield (
        "in_space",
        RunSegment(scene, (Prompt("click", points=gaussians.means[:1], radius=0.5),), "colour"),
    )
    yield (
        "grow",
        GrowSegment(
            scene, np.arange(len(gaussians)) < len(gaussians) // 10, hops=3, extractor="colour"
        ),
    )
    yield "divide", AutoSegments(scene, "colour")
    yield "preview", PreviewFeatures(scene, "colour")
    yield "forget", FreeMemory()
    yield "come_back", RunSegment(scene, (here, there), "colour")


def _cancelled(state: State, request: Request[Any], seconds: float) -> list[float]:
    """From the cancel to the answer "cancelled", at moments spread over a request, with nothing in memory before."""
    jobs, waits = Jobs(), []
    for number, delay in enumerate(np.linspace(0, 1, MOMENTS, endpoint=False) * seconds):
        state.free()
        answered = threading.Event()
        jobs.add(
            lambda job: HANDLERS[request.method](state, request, job),
            name=number,
            answer=lambda outcome, answered=answered: answered.set(),  # type: ignore[misc]
            tell=lambda progress: None,
        )
        if not answered.wait(delay):
            start = time.perf_counter()
            jobs.cancel()
            answered.wait()
            waits.append(time.perf_counter() - start)
    jobs.close()
    return waits


def _dragged(state: State, request: Request[Any]) -> dict[str, float]:
    """How many steps of a drag are answered, how long the last one takes, and what it leaves running."""
    jobs = Jobs()
    answers = list[int]()
    done = threading.Event()
    threads = threading.active_count()

    def answer(number: int, outcome: Any) -> None:
        if not isinstance(outcome, EngineError):
            answers.append(number)
        if number == STEPS - 1:
            done.set()

    for number in range(STEPS):
        jobs.add(
            lambda job: HANDLERS[request.method](state, request, job),
            name=number,
            answer=partial(answer, number),
            tell=lambda progress: None,
            replaces="brush",
        )
        if number < STEPS - 1:
            time.sleep(PAUSE)
    start = time.perf_counter()
    done.wait()
    seconds, left = time.perf_counter() - start, threading.active_count() - threads
    jobs.close()
    if answers[-1:] != [STEPS - 1]:
        raise AssertionError("The newest step of the brush was not answered last.")
    return {"answered": len(answers), "last_s": seconds, "threads_left": left}
