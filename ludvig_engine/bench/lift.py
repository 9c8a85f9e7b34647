"""How fast uplifting is: `ludvig bench lift`, in CPU seconds of one thread per view.

Folded weights are compared with (a) per-pixel back-projection of the upsampled map by the same
kernel, and (b) plain torch. All three compute the same sums, and the run checks that they agree.
Upsampling the map for (a) and (b) is not counted. CPU time depends little on other programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from ..arrays import Array
from ..machine.sparse import add_product
from ..rendering import upsample
from ..rendering.cpu import adjoint, fold
from ..scene import Camera, Gaussians
from .fragments import count

T = TypeVar("T")
PATCH = 14  # pixels per feature cell, as in DINOv2


def run(
    gaussians: Gaussians, cameras: Sequence[Camera], channels: Sequence[int] = (40, 384)
) -> dict[str, float]:
    """Means over the cameras: seconds, fragments, and how many times slower the peers are."""
    grid = cameras[0].height // PATCH, cameras[0].width // PATCH
    # The first call compiles the kernels.
    fold(gaussians, cameras[0], grid, threads=1)
    rng, figures = np.random.default_rng(0), dict[str, float]()
    figures["gaussians"] = len(gaussians)
    figures["megapixels"] = cameras[0].width * cameras[0].height / 1e6
    figures["fold_s"] = _mean(lambda camera: fold(gaussians, camera, grid, threads=1), cameras)
    counts = np.mean([count(gaussians, camera, grid) for camera in cameras], 0)
    figures["contributing_fragments_per_pixel"] = counts[0] / figures["megapixels"] / 1e6
    figures["evaluated_fragments_per_pixel"] = counts[1] / figures["megapixels"] / 1e6
    figures["blending_s"] = counts[2]
    figures["evaluated_fragments_per_s"] = counts[1] / counts[2]
    figures["evaluated_fragments_per_s_whole_pass"] = counts[1] / figures["fold_s"]
    for D in channels:
        F = rng.random((D, *grid), np.float32)
        out = np.zeros((len(gaussians), D), np.float32)

        def folded(camera: Camera, F: Array = F, out: Array = out) -> Array:
            out[:] = 0
            weights = fold(gaussians, camera, grid, threads=1)
            add_product(weights, F.reshape(len(F), -1).T, out, threads=1)
            return out

        # The peers get the upsampled map, so that its cost does not count against them.
        image = upsample(F, cameras[0].height, cameras[0].width)

        def per_pixel(camera: Camera, image: Array = image) -> Array:
            return adjoint(gaussians, camera, image, threads=1)[0]

        agree(folded(cameras[0]), per_pixel(cameras[0]))
        figures[f"folded_{D}_s"] = _mean(folded, cameras)
        figures[f"per_pixel_{D}_s"] = _mean(per_pixel, cameras[:2], repeat=1)
        figures[f"per_pixel_{D}_ratio"] = figures[f"per_pixel_{D}_s"] / figures[f"folded_{D}_s"]
        try:
            from . import torch_lift
        except ImportError:
            # Torch is not installed.
            figures[f"torch_{D}_s"] = float("nan")
            continue

        def torch(camera: Camera, image: Array = image) -> Array:
            return torch_lift.lift_with_torch(gaussians, camera, image)

        agree(folded(cameras[0]), torch(cameras[0]))
        figures[f"torch_{D}_s"] = _mean(torch, cameras[:1], repeat=1)
        figures[f"torch_{D}_ratio"] = figures[f"torch_{D}_s"] / figures[f"folded_{D}_s"]
    return figures


def agree(ours: Array, theirs: Array) -> None:
    """Raise an AssertionError if two results differ by more than 0.1 %.

    Rounding can change which fragments pass the thresholds 1/255 and for stopping, so small
    differences are allowed.
    """
    error = np.abs(ours - theirs).sum() / np.abs(theirs).sum()
    if error > 1e-3:
        raise AssertionError(f"The compared results differ by {error:.2%}; 0.1% is allowed.")


def cpu_seconds(function: Callable[[], object]) -> float:
    """CPU time of all threads of this process."""
    start = time.process_time()
    function()
    return time.process_time() - start


def _mean(
    function: Callable[[Camera], object], cameras: Sequence[Camera], repeat: int = 3
) -> float:
    """The mean over the views of the best of `repeat` CPU times."""
    best = [
        min(cpu_seconds(partial(function, camera)) for _ in range(repeat)) for camera in cameras
    ]
    return sum(best) / len(best)
