"""From a scene's files to its first selection, with nothing known of it: `ludvig bench start`.

The splats and photos are synthetic, and every step is answered as by the server: once as an editor
asks, which shows an answer from some of the photos first and the one from all photos after it, and
once by features of all photos. CPU seconds are of all threads; they depend less on other programs
than wall seconds do.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..cache.store import Cache
from ..eval import metrics
from ..outside import system
from ..progress import SILENT
from ..service.handlers import HANDLERS
from ..service.state import State
from ..wire.methods import ComputeFeatures, OpenScene, Prompt, Request, RunSegment
from . import disk_scene

EXTRACTOR = "colour"
STEPS = "open", "features", "first_click", "second_click"


def run(count: int, views: int, width: int, height: int) -> dict[str, float]:
    """CPU and wall seconds of each step, of all until the first selection, and peaks of memory.

    `early_selection` is the first selection if it may be from some of the photos, `early_photos` of
    them, and `early_iou` the IoU of the two. A peak is that of a step alone on Linux, and elsewhere
    that of all steps until then and of making the scene, which takes 0.4 KB per splat.
    """
    figures: dict[str, float] = {"gaussians": count, "photos": views}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        disk_scene.write(folder / "scene", count, views, (width, height))
        files = OpenScene(splats=str(folder / "scene/splats.ply"), views=str(folder / "scene"))
        state = State(Cache(folder / "cache"))

        def answer(step: str, request: Request[Any]) -> Any:
            system.forget_peak()
            wall, cpu = time.perf_counter(), time.process_time()
            found = HANDLERS[request.method](state, request, SILENT)
            figures[f"{step}_cpu_s"] = time.process_time() - cpu
            figures[f"{step}_s"] = time.perf_counter() - wall
            figures[f"{step}_peak_bytes"] = system.peak_memory()
            return found

        def total(name: str, *steps: str) -> None:
            for unit in ("cpu_s", "s"):
                figures[f"{name}_{unit}"] = sum(figures[f"{step}_{unit}"] for step in steps)

        scene = answer("open", files).scene
        answer("features", ComputeFeatures(scene, EXTRACTOR))
        final = answer("first_click", _click(scene, width * 0.5, height * 0.5))
        total("first_selection", "open", "features", "first_click")
        answer("second_click", _click(scene, width * 0.55, height * 0.5))
        figures["peak_bytes"] = max(figures[f"{step}_peak_bytes"] for step in STEPS)
        state = State(Cache(folder / "another cache"))
        answer("open_again", files)
        first = answer("early_click", replace(_click(scene, width * 0.5, height * 0.5), early=True))
        total("early_selection", "open_again", "early_click")
        figures["early_photos"] = first.read
        figures["early_iou"] = metrics.iou(first.selected, final.selected)
    return figures


def _click(scene: str, x: float, y: float) -> RunSegment:
    at = np.array([[x, y]], np.float32)
    return RunSegment(scene, (Prompt("click", view="photo_0.png", pixels=at),), EXTRACTOR)
