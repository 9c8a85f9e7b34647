"""Compile what the engine computes with: `python -m ludvig_engine.service.first_run`.

Numba compiles a kernel when it is first called and keeps it on the disk. On a machine on which the
engine has never run, the first click would wait for half a minute of that. So an installation ends
with this: everything that a first click needs is asked once, of a scene of a few thousand splats.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..arrays import Array, Float
from ..cache.store import Cache
from ..progress import Job
from ..stages import Stage
from ..wire.methods import (
    AutoSegments,
    Cloud,
    ComputeFeatures,
    GrowSegment,
    OpenScene,
    Prompt,
    RemoveObject,
    Request,
    RunSegment,
    SceneOpened,
    Viewport,
)
from .handlers import handlers

R = TypeVar("R")

EXTRACTOR = "colour"  # which needs no weights
BALLS = ((0.7, 0.0, 0.0), (-0.6, 0.5, 0.0), (-0.3, -0.8, 0.0))  # middles, in units of the scene
# Of a ball, and splats of it: more in all than superpoints, so that those are made, too.
RADIUS, EACH = 0.35, 1000
SMALLER, FEWER = 8, 4  # of the planned views: a fourth of the views, an eighth as wide


class Told(Job):
    """Prints each stage, for the log of the installation."""

    _last = ""

    def report(self, stage: str, done: int, total: int) -> None:
        name = Stage.named(stage).name
        if name != self._last:
            self._last = name
            print(name, flush=True)


def main() -> None:
    """Ask everything once."""
    job = Told()
    with tempfile.TemporaryDirectory() as folder:
        answer = handlers(cache=Cache(Path(folder)))

        def ask(request: Request[R]) -> R:
            found: R = answer[request.method](request, job)
            return found

        planned = ask(OpenScene(cloud=_cloud()))
        scene = ask(OpenScene(cloud=_cloud(), cameras=_smaller(planned)))
        about = scene.scene, EXTRACTOR
        ask(ComputeFeatures(*about))
        middle = scene.photo_sizes[:1].astype(np.float32) / 2
        mask = np.zeros(scene.photo_sizes[0, ::-1], bool)
        mask[len(mask) // 3 : len(mask) // 2, mask.shape[1] // 3 : mask.shape[1] // 2] = True
        first = Prompt("click", view=scene.names[0], pixels=middle)
        second = Prompt("click", view=scene.names[0], pixels=middle / 3, positive=False)
        whole = Prompt("mask", view=scene.names[1], mask=mask)
        for prompts in ((first,), (first, second), (whole,)):
            found = ask(RunSegment(scene.scene, prompts, EXTRACTOR))
        ask(GrowSegment(scene.scene, found.selected, 1, EXTRACTOR))
        ask(AutoSegments(*about))
        ask(RemoveObject(scene.scene, found.selected))


def _smaller(scene: SceneOpened) -> tuple[Viewport, ...]:
    """Small cameras of some of the views: what is computed is of no use, so it should be little."""
    scale = np.diag([1 / SMALLER, 1 / SMALLER, 1.0])
    views = [*zip(scene.viewmats, scene.Ks, (scene.sizes // SMALLER).tolist(), strict=True)]
    return tuple(Viewport(viewmat, scale @ K, *size) for viewmat, K, size in views[::FEWER])


def _cloud() -> Cloud:
    """A few balls on a ground."""
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(len(BALLS), EACH, 3))
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    balls = np.array(BALLS)[:, None] + RADIUS * normals
    ground = np.c_[rng.uniform(-2, 2, (2 * EACH, 2)), np.full(2 * EACH, -RADIUS)]
    means = np.concatenate([*balls, ground]).astype(np.float32)
    count = len(means)
    colors: Float[Array, "N 1 3"] = rng.normal(0, 0.1, (count, 1, 3)).astype(np.float32)
    for n in range(len(BALLS)):
        colors[n * EACH : (n + 1) * EACH, 0, n] += 1
    return Cloud(
        means=means,
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        scales=np.full((count, 3), 0.05, np.float32),
        opacities=np.full(count, 0.9, np.float32),
        sh0=colors,
        shN=np.zeros((count, 0, 3), np.float32),
    )


if __name__ == "__main__":
    main()
