"""How long a click takes if the features and the graph are in memory: `ludvig bench click`.

The synthetic scene has features that differ between its things and are noisy within them. The
request is answered as by the server, including the frame for the wire. Every click is at another
place. Seconds are wall time on all cores, since that is what the user waits for; the stages are
those of the progress bar. Other requests are measured in CPU seconds of all threads and divided by
those of a click in the same run, which depends little on other programs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from ..arrays import Array, Float
from ..cache.store import Cache
from ..graph.neighbors import build, nearest
from ..progress import SILENT
from ..scene import Camera, Gaussians
from ..segmentation.prepared import Prepared
from ..service.clouds import cloud_of
from ..service.segments import run_segment
from ..service.session import pack_answer
from ..service.state import State
from ..stages import ENCODE, STAGES
from ..uplifting import Uplifted
from ..wire.methods import Prompt, RunSegment, Viewport

DIM, NEIGHBORS = 40, 16
POINTS, MANY = 200, 100  # of a long stroke; clicks of a patient user
EXTRACTOR = "colour"  # the extractor that these features are stored for


def run(gaussians: Gaussians, camera: Camera, *, clicks: int = 5) -> dict[str, float]:
    """The seconds of the median click, of the first one, and of each stage of the median click."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(Cache(Path(folder)))
        scene = _prepared(state, gaussians)
        viewport = Viewport(camera.viewmat, camera.K, camera.width, camera.height)
        rng = np.random.default_rng(0)
        seconds, cpu = [], []
        stages = []
        for _ in range(clicks + 1):
            x, y = rng.uniform(0.4, 0.6, 2) * (camera.width, camera.height)
            beside = np.array([[0.05 * camera.width, 0.9 * camera.height]], np.float32)
            here = Prompt("click", viewport=viewport, pixels=np.array([[x, y]], np.float32))
            there = Prompt("click", viewport=viewport, pixels=beside, positive=False)
            spent = Spent(state, RunSegment(scene, (here, there), EXTRACTOR))
            seconds.append(spent.wall)
            cpu.append(spent.cpu)
            stages.append(spent.stages)
        ratios = _ratios(state, scene, viewport, statistics.median(cpu[1:]))
    ids = dict.fromkeys(id for timings in stages[1:] for id in timings)
    figures: dict[str, float] = {"gaussians": len(gaussians), "k": NEIGHBORS, "channels": DIM}
    figures["click_s"] = statistics.median(seconds[1:])
    figures["first_click_s"] = seconds[0]
    figures["click_cpu_s"], figures["first_click_cpu_s"] = statistics.median(cpu[1:]), cpu[0]
    for id in ids:
        median = statistics.median(timings.get(id, 0) for timings in stages[1:])
        figures[f"{STAGES.get(id, id)}_s"] = median
    return figures | ratios


class Spent:
    """What an answer cost, with the frame for the wire."""

    def __init__(self, state: State, request: RunSegment) -> None:
        start = time.perf_counter(), time.process_time()
        answer = run_segment(state, request, SILENT)
        before = time.perf_counter()
        pack_answer(0, answer)
        end = time.perf_counter()
        self.wall, self.cpu = end - start[0], time.process_time() - start[1]
        self.stages = {**answer.timings, ENCODE.id: end - before}


def _ratios(state: State, scene: str, viewport: Viewport, click: float) -> dict[str, float]:
    """CPU seconds of other requests, in clicks; what is asked again, in the first time's."""
    size, rng = np.array([viewport.width, viewport.height]), np.random.default_rng(1)

    def cost(*prompts: Prompt, threshold: float | None = None) -> float:
        request = RunSegment(scene, prompts, EXTRACTOR, threshold=threshold)
        return Spent(state, request).cpu

    def drawn(kind: str, pixels: Float[Array, "P 2"]) -> Prompt:
        return Prompt(kind, viewport=viewport, pixels=pixels.astype(np.float32))

    line = size / 2 + rng.normal(0, 0.004 * size[0], (POINTS, 2)).cumsum(0)
    found = {f"stroke_of_{POINTS}_points": cost(drawn("scribble", line)) / click}
    # A stroke that is asked for while it is drawn, each time with more points.
    drags = [cost(drawn("scribble", line[:n] + 1)) for n in range(POINTS // 8, POINTS, POINTS // 8)]
    found["step_of_a_drag"] = statistics.median(drags) / click
    clicks = [drawn("click", rng.uniform(0.4, 0.6, (1, 2)) * size) for _ in range(MANY)]
    for count in (10, MANY):
        found[f"{count - 1}_clicks_at_once"] = cost(*clicks[: count - 1]) / click
        found[f"one_more_click_after_{count - 1}"] = cost(*clicks[:count]) / click
    found["another_threshold"] = cost(*clicks, threshold=0.4) / click
    height, width = viewport.height, viewport.width
    inside = np.zeros((height, width), bool)
    inside[height // 3 : height // 2, width // 3 : width // 2] = True
    mask = Prompt("mask", viewport=viewport, mask=inside)
    first = cost(mask)
    found["mask"] = first / click
    found["mask_again_in_masks"] = cost(mask) / first
    found["mask_with_another_threshold_in_masks"] = cost(mask, threshold=0.4) / first
    return found


def _prepared(state: State, gaussians: Gaussians) -> str:
    """Open the scene with features and a graph; return its name."""
    name, scene = state.open(cloud_of(gaussians))
    found = scene.gaussians
    features = _features(found.means)
    graph = build(nearest(found.means, NEIGHBORS)).with_features(features)
    seen = Uplifted(features, np.ones(len(found), np.float32), np.ones(len(found), np.float32))
    prepared = Prepared(found, seen, graph, EXTRACTOR)
    state.keep(name, EXTRACTOR, prepared)
    return name


def _features(means: Float[Array, "N 3"], seed: int = 0) -> Float[Array, "N 40"]:
    """Features that are equal within cells of 0.7, about the size of a thing, plus noise."""
    rng = np.random.default_rng(seed)
    kinds = rng.normal(size=(64, DIM)).astype(np.float32)
    cells = np.floor(means / 0.7).astype(np.int64) @ np.array([1, 7, 13])
    return kinds[cells % len(kinds)] + rng.normal(0, 0.3, (len(means), DIM)).astype(np.float32)
