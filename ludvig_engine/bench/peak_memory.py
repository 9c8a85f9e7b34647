"""How much memory uplifting takes: `ludvig bench memory`, in a process of its own so that its peak is its own.

The whole way from feature maps: 384 channels per photo, PCA to 40, uplift, and the neighbour graph.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import numpy as np

from ..features import pca
from ..features.maps import Lazy
from ..graph import neighbors
from ..uplifting import Sight, uplift
from . import synthetic

CHANNELS = 384
PATCH = 14


def run(gaussians: int, views: int, width: int, height: int) -> dict[str, float]:
    """Peak resident bytes and wall seconds of a fresh process that lifts random maps."""
    command = [sys.executable, "-m", __name__, *map(str, (gaussians, views, width, height))]
    figures: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return figures


def growth(gaussians: int, views: int, width: int, height: int) -> dict[str, float]:
    """Seconds and peak at half and full size, and at half and all views: doubling should double."""
    figures: dict[str, float] = {}
    for n, v in (
        (gaussians // 4, views),
        (gaussians // 2, views),
        (gaussians, views),
        (gaussians // 4, 2 * views),
    ):
        one = run(n, v, width, height)
        figures |= {f"{name}_{n}_gaussians_{v}_views": value for name, value in one.items()}
    return figures


def _lift(count: int, views: int, width: int, height: int) -> dict[str, float]:
    gaussians, cameras = synthetic.gaussians(count), synthetic.cameras(views, width, height)
    grid = (CHANNELS, height // PATCH, width // PATCH)
    maps = Lazy(lambda n: np.random.default_rng(n).random(grid, np.float32), views)
    start = time.perf_counter()
    reduce = pca.fit(maps)
    fitted = time.perf_counter()
    found = uplift(gaussians, Lazy(lambda n: Sight(cameras[n], reduce(maps[n])), views))
    lifted = time.perf_counter()
    neighbors.build(neighbors.nearest(gaussians.means, 16)).with_features(found.features)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return {
        "pca_s": fitted - start,
        "uplift_s": lifted - fitted,
        "graph_s": end - lifted,
        "peak_bytes": peak,
    }


if __name__ == "__main__":
    print(json.dumps(_lift(*map(int, sys.argv[1:]))))
