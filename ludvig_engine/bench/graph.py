"""How fast the graph is: `ludvig bench graph`. Neighbours and a diffusion step, against SciPy in the file's order.

Neighbours in CPU seconds of all threads. The step in wall seconds on all cores, set against the memory bandwidth that
all cores reach together (a triad, measured beside it); SciPy's own product runs on one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from ..diffusion import similarities
from ..graph import build, nearest
from ..progress import SILENT, chunks, cpu_count
from ..scene import Gaussians
from ..sparse import operator
from .lift import agree, cpu_seconds


def run(gaussians: Gaussians, k: int = 16, dim: int = 40) -> dict[str, float]:
    """Seconds and ratios for k neighbours and `dim` features."""
    rng, N = np.random.default_rng(0), len(gaussians)
    build(nearest(gaussians.means[:500], k)).with_features(rng.random((500, dim), np.float32))  # compile
    figures: dict[str, float] = {"gaussians": N, "k": k}
    shuffled = gaussians.means[rng.permutation(N)]  # an order without locality, as trained files have
    figures["neighbours_s"] = cpu_seconds(lambda: nearest(gaussians.means, k))
    figures["neighbours_scipy_unsorted_s"] = cpu_seconds(lambda: cKDTree(shuffled).query(shuffled, k + 1, workers=-1))
    figures["neighbours_ratio"] = figures["neighbours_scipy_unsorted_s"] / figures["neighbours_s"]
    neighbours = nearest(gaussians.means, k)
    figures["build_s"] = cpu_seconds(lambda: build(neighbours))
    graph, features = build(neighbours), rng.random((N, dim), np.float32)
    figures["edge_distances_s"] = cpu_seconds(lambda: graph.with_features(features))
    graph = graph.with_features(features)
    matrix = graph.matrix(similarities(graph, 1.0, 0.5).astype(np.float32))
    x = rng.random(N, np.float32)
    order = rng.permutation(N)
    scattered = matrix[order][:, order]
    step = operator(matrix)
    agree(step(x), matrix @ x)
    figures["step_s"] = _best(lambda: step(x))
    figures["step_scipy_s"] = _best(lambda: matrix @ x)
    figures["step_scipy_file_order_s"] = _best(lambda: scattered @ x)
    figures["step_ratio"] = figures["step_scipy_file_order_s"] / figures["step_s"]
    figures["step_bytes_per_s"] = 8 * matrix.nnz / figures["step_s"]
    figures["bandwidth_bytes_per_s"] = triad()
    figures["step_share_of_bandwidth"] = figures["step_bytes_per_s"] / figures["bandwidth_bytes_per_s"]
    return figures


def triad(size: int = 2**25) -> float:
    """Bytes per second of a = b + s c, all cores at work, arrays far larger than the caches."""
    a, b, c = np.zeros(size, np.float32), np.ones(size, np.float32), np.ones(size, np.float32)
    parts = chunks(size, -(-size // cpu_count()))

    def run() -> None:
        list(SILENT.map(lambda part: _triad(a[part], b[part], c[part]), parts))

    run()
    return 3 * a.nbytes / _best(run)


@njit(nogil=True, error_model="numpy", fastmath=True)
def _triad(a, b, c):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3) * c[i]


def _best(function: Callable[[], object], times: int = 15) -> float:
    """Wall seconds, as nothing else tells how fast the cores together are."""
    found = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        function()
        found = min(found, time.perf_counter() - start)
    return found
