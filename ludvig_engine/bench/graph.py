"""How fast the graph is: `ludvig bench graph` measures nearest neighbors and a diffusion step.

Both are compared with SciPy on Gaussians in file order. Nearest neighbors are measured in CPU
seconds of all threads. The step is measured in wall seconds on all cores, and compared with the
memory bandwidth of all cores (a triad, measured in the same run). SciPy's product uses one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from ..graph.neighbors import build, nearest
from ..graph.similarity import similarities
from ..machine.sparse import operator
from ..progress import SILENT, chunks, cpu_count
from ..scene import Gaussians
from .lift import agree, cpu_seconds

TRIAD_BYTES = 12 * 2**25  # bytes that a triad reads and writes


def run(gaussians: Gaussians, k: int = 16, dim: int = 40) -> dict[str, float]:
    """Seconds and ratios for k neighbors and `dim` features."""
    rng, N = np.random.default_rng(0), len(gaussians)
    # The first call compiles the kernels.
    build(nearest(gaussians.means[:500], k)).with_features(rng.random((500, dim), np.float32))
    figures: dict[str, float] = {"gaussians": N, "k": k}
    # Trained files have an order without locality.
    shuffled = gaussians.means[rng.permutation(N)]
    figures["neighbours_s"] = cpu_seconds(lambda: nearest(gaussians.means, k))
    figures["neighbours_scipy_unsorted_s"] = cpu_seconds(
        lambda: cKDTree(shuffled).query(shuffled, k + 1, workers=-1)
    )
    figures["neighbours_ratio"] = figures["neighbours_scipy_unsorted_s"] / figures["neighbours_s"]
    table = nearest(gaussians.means, k)
    figures["build_s"] = cpu_seconds(lambda: build(table))
    graph, features = build(table), rng.random((N, dim), np.float32)
    figures["edge_distances_s"] = cpu_seconds(lambda: graph.with_features(features))
    graph = graph.with_features(features)
    matrix = graph.matrix(similarities(graph, 1.0, 0.5).astype(np.float32))
    x = rng.random(N, np.float32)
    order = rng.permutation(N)
    scattered = matrix[order][:, order]
    step = operator(matrix)
    agree(step(x), matrix @ x)
    copy = triad()
    seconds = _best(lambda: step(x), lambda: matrix @ x, lambda: scattered @ x, copy)
    figures["step_s"], figures["step_scipy_s"], figures["step_scipy_file_order_s"], copied = seconds
    figures["step_ratio"] = figures["step_scipy_file_order_s"] / figures["step_s"]
    figures["step_bytes_per_s"] = 8 * matrix.nnz / figures["step_s"]
    figures["bandwidth_bytes_per_s"] = bandwidth = TRIAD_BYTES / copied
    figures["step_share_of_bandwidth"] = figures["step_bytes_per_s"] / bandwidth
    return figures


def triad() -> Callable[[], None]:
    """A function that computes a = b + s c on all cores, moving `TRIAD_BYTES` through memory.

    The arrays are far larger than the caches.
    """
    a, b, c = (np.full(TRIAD_BYTES // 12, n, np.float32) for n in range(3))
    parts = chunks(len(a), -(-len(a) // cpu_count()))

    def run() -> None:
        list(SILENT.map(lambda part: _triad(a[part], b[part], c[part]), parts))

    run()
    return run


@njit(nogil=True, error_model="numpy", fastmath=True)
def _triad(a, b, c):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        a[i] = b[i] + np.float32(3) * c[i]


def _best(*functions: Callable[[], object], times: int = 40) -> list[float]:
    """The least wall seconds of each function, which are called in turns.

    Wall time is needed to tell how fast all cores are together. Turns make the comparison fair
    while other programs come and go.
    """
    found = [float("inf")] * len(functions)
    for _ in range(times):
        for n, function in enumerate(functions):
            start = time.perf_counter()
            function()
            found[n] = min(found[n], time.perf_counter() - start)
    return found
