"""How long cancelling takes: `ludvig bench cancel`.

A cancelled job ends when it next checks whether it is cancelled. So the longest time between two
checks of an undisturbed request is the longest time that cancelling can take at any moment. In
addition, requests are really cancelled, at moments of all stages, through the server's queue; and
the drag of a brush is simulated, where each step supersedes the one before. All times are wall time
on all cores, since that is what the user waits for.
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
from ..service.clouds import cloud_of
from ..service.handlers import HANDLERS
from ..service.jobs import Jobs
from ..service.session import pack_answer
from ..service.state import State
from ..stages import STAGES, START, Stage
from ..wire.methods import (
    AutoSegments,
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

# View-dependent coefficients per Gaussian: those of degree 3, which trained scenes have.
COEFFICIENTS = 15
# Number of moments at which a request is cancelled.
MOMENTS = 12
STEPS, PAUSE = 20, 0.05  # steps of a drag, and seconds between them


def run(gaussians: Gaussians, cameras: Sequence[Camera]) -> dict[str, float]:
    """Figures, most of them seconds.

    These are the duration and the longest time between two checks of every request, the stages in
    which that is more than 0.1 s, and the times that cancelling and dragging really took.
    """
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
    """Measures the longest time between two checks of the working thread, by the ids of stages."""

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
    """The requests of a typical session. Each must be answered before the next one is taken."""
    cloud = cloud_of(gaussians)
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
    in_space = Prompt("click", points=gaussians.means[:1], radius=0.5)
    yield "in_space", RunSegment(scene, (in_space,), "colour")
    tenth = np.arange(len(gaussians)) < len(gaussians) // 10
    yield "grow", GrowSegment(scene, tenth, hops=3, extractor="colour")
    yield "divide", AutoSegments(scene, "colour")
    yield "preview", PreviewFeatures(scene, "colour")
    yield "forget", FreeMemory()
    yield "come_back", RunSegment(scene, (here, there), "colour")


def _cancelled(state: State, request: Request[Any], seconds: float) -> list[float]:
    """Seconds from cancelling to the answer, at moments spread over the duration of a request.

    Memory is freed before each try.
    """
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
    """How many steps of a drag are answered, the seconds of the last one, and the threads left."""
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
