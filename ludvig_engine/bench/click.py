"""How long a click takes if the features and the graph are in memory: `ludvig bench click`.

The synthetic scene has features that differ between its things and are noisy within them. The
request is answered as by the server, including the frame for the wire. Every click is at another
place, as in a stroke. Times are wall time on all cores, since that is what the user waits for; the
stages are those of the progress bar.
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
from ..service.segments import run_segment
from ..service.session import pack_answer
from ..service.state import State, cloud_of
from ..stages import ENCODE, STAGES
from ..uplifting import Uplifted
from ..wire.methods import Prompt, RunSegment, Viewport

DIM, NEIGHBORS = 40, 16
EXTRACTOR = "colour"  # the extractor that these features are stored for


def run(gaussians: Gaussians, camera: Camera, *, clicks: int = 5) -> dict[str, float]:
    """The seconds of the median click, of the first one, and of each stage of the median click."""
    with tempfile.TemporaryDirectory() as folder:
        state = State(Cache(Path(folder)))
        scene = _prepared(state, gaussians)
        viewport = Viewport(camera.viewmat, camera.K, camera.width, camera.height)
        rng = np.random.default_rng(0)
        seconds, stages = [], []
        for number in range(clicks + 1):
            x, y = rng.uniform(0.4, 0.6, 2) * (camera.width, camera.height)
            beside = np.array([[0.05 * camera.width, 0.9 * camera.height]], np.float32)
            here = Prompt("click", viewport=viewport, pixels=np.array([[x, y]], np.float32))
            there = Prompt("click", viewport=viewport, pixels=beside, positive=False)
            start = time.perf_counter()
            answer = run_segment(state, RunSegment(scene, (here, there), EXTRACTOR), SILENT)
            before = time.perf_counter()
            pack_answer(number, answer)
            end = time.perf_counter()
            seconds.append(end - start)
            stages.append({**answer.timings, ENCODE.id: end - before})
    ids = dict.fromkeys(id for timings in stages[1:] for id in timings)
    figures: dict[str, float] = {"gaussians": len(gaussians), "k": NEIGHBORS, "channels": DIM}
    figures["click_s"] = statistics.median(seconds[1:])
    figures["first_click_s"] = seconds[0]
    for id in ids:
        median = statistics.median(timings.get(id, 0) for timings in stages[1:])
        figures[f"{STAGES.get(id, id)}_s"] = median
    return figures


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
