"""How much memory uplifting takes: `ludvig bench memory`.

A fresh process goes the whole way from feature maps with 384 channels: PCA to 40 channels, uplift,
and neighbor graph. So the peak is that of uplifting alone.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from ..features import pca
from ..features.maps import Lazy
from ..graph import neighbors
from ..outside import system
from ..uplifting import Sight, uplift
from . import fresh, synthetic

CHANNELS = 384
PATCH = 14


def run(gaussians: int, views: int, width: int, height: int) -> dict[str, float]:
    """Peak resident bytes and wall seconds of a fresh process that lifts random maps."""
    return fresh.measured(__name__, gaussians, views, width, height)


def _lift(count: int, views: int, width: int, height: int) -> dict[str, float]:
    gaussians, cameras = synthetic.gaussians(count), synthetic.cameras(views, width, height)
    grid = (CHANNELS, height // PATCH, width // PATCH)
    maps = Lazy(lambda n: np.random.default_rng(n).random(grid, np.float32), views)
    start = time.perf_counter()
    reduce = pca.fit_pca(maps)
    fitted = time.perf_counter()
    found = uplift(gaussians, Lazy(lambda n: Sight(cameras[n], reduce(maps[n])), views))
    lifted = time.perf_counter()
    neighbors.build(neighbors.nearest(gaussians.means, 16)).with_features(found.features)
    end = time.perf_counter()
    return {
        "pca_s": fitted - start,
        "uplift_s": lifted - fitted,
        "graph_s": end - lifted,
        "peak_bytes": system.peak_memory(),
    }


if __name__ == "__main__":
    print(json.dumps(_lift(*map(int, sys.argv[1:]))))
