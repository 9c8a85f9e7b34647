"""The CPU's sums over all views, one view per thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ..arrays import Array, Float
from ..machine.sparse import add_product
from ..progress import SILENT, Job, chunks
from ..scene import Gaussians
from ..scene.raster import GSPLAT, Raster
from .cpu import adjoint, fold, render
from .grid import upsample
from .sights import Sight, Sums
from .tree import Tree, nodes

# Channels of a residual's images at a time: images of all of them would not fit in memory.
CHANNELS = 32


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
    tree: Tree[tuple[Array, Array, Array]] = Tree()

    def weigh(sight: Sight) -> tuple[tuple[Array, Array] | csr_matrix, Array]:
        camera, feature_map = sight.camera, sight.feature_map
        options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job, "threads": 1}
        if feature_map.shape[1:] == (camera.height, camera.width):
            return adjoint(gaussians, camera, feature_map, **options), feature_map
        return fold(gaussians, camera, feature_map.shape[1:], **options), feature_map

    weighed = job.map(weigh, sights, stage)
    for block in nodes(len(sights)):
        sums = np.zeros((count, channels), np.float32)
        weights, squares = np.zeros(count, np.float32), np.zeros(count, np.float32)
        for found, feature_map in islice(weighed, len(block)):
            total = _add(found, feature_map, sums, job)
            weights += total
            squares += total**2
        tree.add((sums, weights, squares))
    deque(weighed, 0)  # after its last item it reports the end
    return Sums(*tree.total())


def _add(
    found: tuple[Array, Array] | csr_matrix, feature_map: Array, sums: Array, job: Job
) -> Float[Array, " N"]:
    """Add a view to `sums`; its Σ w."""
    if isinstance(found, tuple):
        part, total = found
        sums += part
        return total
    add_product(found, feature_map.reshape(len(feature_map), -1).T, sums, job=job)
    return np.asarray(found.sum(1), np.float32)[:, 0]


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
    tree: Tree[tuple[Array]] = Tree()
    tracked = iter(job.track(sights, stage))
    for block in nodes(len(sights)):
        out = np.zeros_like(features)
        for sight in islice(tracked, len(block)):
            camera, feature_map = sight.camera, sight.feature_map
            for part in chunks(features.shape[1], CHANNELS):
                image, _ = render(gaussians, camera, features[:, part], raster=raster, job=job)
                error = upsample(feature_map[part], camera.height, camera.width) - image
                options: dict[str, Any] = {"valid": sight.valid, "raster": raster, "job": job}
                out[:, part] += adjoint(gaussians, camera, error, **options)[0]
        tree.add((out,))
    deque(tracked, 0)  # after its last item it reports the end
    return tree.total()[0]
