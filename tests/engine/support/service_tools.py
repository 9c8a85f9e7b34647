"""Ask the service as the server does: with all checks of the wire, but in this process."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TypeVar

import numpy as np

import small_scene
from ludvig_engine.cache.store import Cache
from ludvig_engine.progress import SILENT, Job
from ludvig_engine.service.handlers import handlers
from ludvig_engine.wire import codec
from ludvig_engine.wire.methods import OpenScene, Prompt, Request, SceneOpened

R = TypeVar("R")


class Service:
    """The handlers with a cache of their own, asked through the codec."""

    def __init__(self, folder: Path, **options: int) -> None:
        self.cache = Cache(folder)
        self.handlers = handlers(cache=self.cache, **options)
        self.state = next(iter(self.handlers.values())).args[0]

    def __call__(self, request: Request[R], job: Job = SILENT) -> R:
        received = codec.decode(type(request), *codec.encode(request))
        answer = self.handlers[request.method](received, job)
        assert type(answer) is request.answer
        return codec.decode(request.answer, *codec.encode(answer))


def opened(service: Service, folder: Path) -> SceneOpened:
    return service(OpenScene(splats=str(folder / "splats.ply"), views=str(folder)))


def click(name: str, view: int = 0, *, positive: bool = True) -> Prompt:
    """A click on the middle of a ball of small_scene, in a photo."""
    pixel = np.array([small_scene.center_of(name, view)], np.float32)
    return Prompt("click", view=f"photo_{view}.png", pixels=pixel, positive=positive)


def disc(name: str, view: int, factor: float = 1.0) -> np.ndarray:
    """About the pixels that show a ball of small_scene, in a picture `factor` times as wide."""
    x, y = small_scene.center_of(name, view)
    camera = small_scene.cameras()[view]
    depth = (camera.viewmat @ [*small_scene.BALLS[name][0], 1])[2]
    radius = camera.K[0, 0] * small_scene.RADIUS / depth
    width, height = (round(factor * side) for side in small_scene.SIZE)
    rows, columns = np.mgrid[:height, :width] / factor
    return np.hypot(rows - y, columns - x) < 0.95 * radius


RED = (click("red"), click("blue", positive=False))  # clicks that mean the red ball
# A mask that means it too. Its answer takes no superpoints, which take longest of all.
RED_MASK = (Prompt("mask", view="photo_0.png", mask=disc("red", 0)),)


def told_apart(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve: how often a Gaussian of the thing scores higher than another."""
    ranks = np.argsort(np.argsort(scores, kind="stable")) + 1.0
    yes = int(truth.sum())
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / (yes * (len(truth) - yes)))


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union."""
    return float((a & b).sum() / (a | b).sum())


class After(Job):
    """Cancelled at the n-th poll."""

    def __init__(self, looks: int) -> None:
        self.left = itertools.count(looks, -1)

    def cancelled(self) -> bool:
        return next(self.left) <= 0
