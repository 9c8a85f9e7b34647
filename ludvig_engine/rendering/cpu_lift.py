"""The CPU's sums over all views, one view per thread as far as memory allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Float
from ..machine.memory import total_memory
from ..machine.sparse import add_product
from ..progress import SILENT, Job, chunks, cpu_count
from ..scene import Gaussians
from ..scene.raster import GSPLAT, Raster
from .cpu import adjoint, fold, render
from .grid import upsample
from .sights import Sight, Sums
from .tree import summed

# Channels of a residual's images at a time: images of all of them would not fit in memory.
CHANNELS = 32
# Bytes that a view takes for each Gaussian while it is weighed (measured with 1 to 8 threads), and
# the share of the machine's memory that all views at a time may take. So with 8 GB, 13 views of a
# million Gaussians are weighed at a time; if there are more cores, several work on one view.
BESIDE = 150
SHARE = 1 / 4


def lift(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Sums:
    """Σ w F, Σ w and Σ_d W_d² over the sights, whose maps all have D channels.

    Float32, added as `tree` says, so the sums of a node of the tree are the same bits wherever and
    in however many threads they are computed.
    """
    count, channels = len(gaussians), len(sights[0].feature_map)
    together = views_at_once(count)
    inner = max(cpu_count() // together, 1)
    options: dict[str, Any] = {"raster": raster, "job": job, "threads": inner}

    def empty() -> tuple[Array, Array, Array]:
        return (
            np.zeros((count, channels), np.float32),
            np.zeros(count, np.float32),
            np.zeros(count, np.float32),
        )

    def weigh(sight: Sight) -> tuple[Array | csr_matrix, Array, Array]:
        camera, feature_map = sight.camera, sight.feature_map
        if feature_map.shape[1:] == (camera.height, camera.width):
            found = adjoint(gaussians, camera, feature_map, valid=sight.valid, **options)
            return *found, feature_map
        folded = fold(gaussians, camera, feature_map.shape[1:], valid=sight.valid, **options)
        return folded, np.asarray(folded.sum(1), np.float32)[:, 0], feature_map

    def add(
        node: tuple[Array, Array, Array], weighed: tuple[Array | csr_matrix, Array, Array]
    ) -> None:
        sums, weights, squares = node
        found, total, feature_map = weighed
        if isinstance(found, csr_matrix):
            channels = feature_map.reshape(len(feature_map), -1)
            add_product(found, channels.T, sums, job=job)
        else:
            sums += found
        weights += total
        squares += total**2

    weighed = job.map(weigh, sights, stage, threads=together)
    return Sums(*summed(weighed, len(sights), empty, add))


def views_at_once(count: int) -> int:
    """How many views of so many Gaussians are weighed at a time; at least one."""
    most = SHARE * total_memory() / (BESIDE * max(count, 1))
    return min(cpu_count(), max(int(most), 1))


def residual(
    gaussians: Gaussians,
    sights: Sequence[Sight],
    features: Float[Array, "N D"],
    *,
    raster: Raster = GSPLAT,
    stage: str = "",
    job: Job = SILENT,
) -> Float[Array, "N D"]:
    """Aᵀ(F − A f) over the sights, added as by `lift`."""

    def add(node: tuple[Array], sight: Sight) -> None:
        (out,) = node
        camera, feature_map = sight.camera, sight.feature_map
        for part in chunks(features.shape[1], CHANNELS):
            image, _ = render(gaussians, camera, features[:, part], raster=raster, job=job)
            error = upsample(feature_map[part], camera.height, camera.width) - image
            options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job}
            out[:, part] += adjoint(gaussians, camera, error, **options)[0]

    tracked = job.track(sights, stage)
    return summed(tracked, len(sights), lambda: (np.zeros_like(features),), add)[0]
