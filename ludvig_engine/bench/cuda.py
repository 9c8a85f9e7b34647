"""What the GPU is worth on this machine: `ludvig bench cuda`.

Wall seconds of the CPU on all cores, and of the GPU with all copies to it and back. A ratio above 1
means that the GPU is faster. The run checks that both agree, and that the parts of the GPU's time
are known: `kernels_` is what a further view takes once the scene is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Array
from ..graph.neighbors import build, nearest
from ..machine.device import gpu
from ..machine.sparse import operator, sliced
from ..rendering.back_end import BackEnd, Cpu
from ..rendering.choice import load
from ..rendering.sights import Sight
from ..scene import Camera, Gaussians
from .lift import PATCH, agree

__all__ = ["load", "run"]
REPEATS = 3
NEIGHBORS = 16


def run(
    found: BackEnd,
    gaussians: Gaussians,
    cameras: Sequence[Camera],
    channels: Sequence[int] = (40, 384),
) -> dict[str, float]:
    """Seconds of the CPU and of the GPU, and their ratios, for every kind of work."""
    rng, first = np.random.default_rng(0), cameras[0]
    size, grid = (first.height, first.width), (first.height // PATCH, first.width // PATCH)
    figures: dict[str, float] = {"gaussians": len(gaussians), "views": len(cameras)}
    figures["megapixels"] = first.width * first.height / 1e6

    def compare(name: str, work: Callable[[BackEnd], Array]) -> None:
        agree(work(found), work(Cpu()))
        cpu, gpu = _seconds(lambda: work(Cpu())), _seconds(lambda: work(found))
        figures.update({f"{name}_cpu_s": cpu, f"{name}_gpu_s": gpu, f"{name}_ratio": cpu / gpu})

    for D in channels:
        sights = [Sight(camera, rng.random((D, *grid), np.float32)) for camera in cameras]
        compare(f"lift_{D}", lambda b, s=sights: b.lift(gaussians, s).features)  # type: ignore[misc]
        if len(sights) > 1:
            one = _seconds(lambda s=sights: found.lift(gaussians, s[:1]))  # type: ignore[misc]
            every = figures[f"lift_{D}_gpu_s"]
            figures[f"lift_{D}_gpu_further_view_s"] = (every - one) / (len(sights) - 1)
    values = rng.random((len(gaussians), channels[0]), np.float32)
    compare("refine", lambda b: b.residual(gaussians, sights[:1], values))
    masks = (rng.random((3, *size)) > 0.5).astype(np.float32)
    compare("masks", lambda b: b.adjoint(gaussians, first, masks)[0])
    clicked = np.zeros(size, bool)
    clicked[size[0] // 2 - 5 : size[0] // 2 + 5, size[1] // 2 - 5 : size[1] // 2 + 5] = True
    compare("click", lambda b: b.adjoint(gaussians, first, masks, valid=clicked)[0])
    compare("render", lambda b: b.render(gaussians, first, values[:, :3])[0])
    if gpu():
        figures.update(_diffusion(gaussians, rng))
    return figures


def _diffusion(gaussians: Gaussians, rng: np.random.Generator) -> dict[str, float]:
    """A step of diffusion, whose vectors are copied for each product."""
    graph = build(nearest(gaussians.means, NEIGHBORS))
    matrix = graph.matrix(rng.random(len(graph.indices)).astype(np.float32))
    x = rng.random(len(gaussians)).astype(np.float32)
    on_gpu, on_cpu = operator(matrix), sliced(matrix)
    agree(on_gpu(x), on_cpu(x))
    cpu, gpu = _seconds(lambda: on_cpu(x)), _seconds(lambda: on_gpu(x))
    return {"diffusion_cpu_s": cpu, "diffusion_gpu_s": gpu, "diffusion_ratio": cpu / gpu}


def _seconds(function: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best
