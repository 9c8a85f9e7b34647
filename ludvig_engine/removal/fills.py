"""All holes behind an object: the surfaces around it found, and each continued."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..progress import SILENT, Job
from ..scene import Gaussians
from ..scene.raster import Raster
from ..stages import FILL
from .fill import filled
from .planes import OFF, planes_of
from .sheets import patch_of
from .sightings import Sighting, depths
from .smooth import ring

# The ring of pixels around silhouettes in which the surfaces behind are looked for, as a share of
# the square root of the silhouette's pixels.
RING = 0.5
# Surfaces farther from the object than this many of its sizes are no longer behind it alone.
NEAR = 1.5


def fills(
    left: Gaussians,
    rows: Int[Array, " M"],
    doubtful: Bool[Array, " M"],
    object_points: Float[Array, "P 3"],
    sights: Sequence[Sighting],
    raster: Raster,
    job: Job = SILENT,
) -> tuple[list[Gaussians], Bool[Array, " M"]]:
    """New Gaussians for the holes, per surface, and which of those left they replace.

    `rows` says where those left were in the scene, and `doubtful` which of them are not to be
    believed. Raises `Cancelled`.
    """
    none = np.zeros(len(left), bool)
    if not len(left):
        return [], none
    low, high = np.percentile(object_points, [2, 98], axis=0)
    size = float(np.linalg.norm(high - low))
    middle = (low + high) / 2
    firm = left.take(~doubtful)
    weights = np.bincount(
        np.concatenate([_around(sight) for sight in sights]), minlength=int(rows.max(initial=0)) + 1
    )[rows[~doubtful]].astype(np.float32)
    weights[np.linalg.norm(firm.means - middle, axis=1) > NEAR * size] = 0
    eyes = np.array([sight.camera.center for sight in sights])
    behind = depths(firm, sights, raster, job)
    made = []
    replaced = none
    for plane in job.track(planes_of(firm, weights, size, eyes), FILL):
        patch = patch_of(firm, plane, object_points, size, sights, behind, raster, job)
        if patch is not None:
            made.append(filled(firm, patch, sights, 2 * OFF * size, raster, job=job))
            replaced = replaced | doubtful & patch.covers(left.means, 2 * OFF * size)
    return made, replaced


def _around(sight: Sighting) -> Int[Array, " K"]:
    """The Gaussians that the pixels around the silhouette show."""
    inside = sight.share > 0.5
    seen = sight.front[ring(inside, int(RING * np.sqrt(inside.sum())) + 2)]
    return seen[seen >= 0]
