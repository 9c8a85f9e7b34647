"""What views see of the Gaussians' surfaces: how large they are, where they face, what touches.

Each view is drawn as a map of Gaussians (fronts.py). Two neighboring pixels that show
different Gaussians are a piece of border between them, with a length in scene units. It is a
contact if the Gaussians are as near to each other as the pixels say; otherwise the nearer one hides
the other there, which says where it ends and nothing about what it touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..graph.neighbors import Graph
from ..progress import SILENT, Job
from ..scene import Gaussians
from .fronts import Front

# Gaussians that touch are at most so many pixels, and so many of their own extents, apart.
PIXELS, EXTENTS = 3.0, 2.0


@dataclass(frozen=True)
class Surfaces:
    """What V views see, as means over the views."""

    share: Float[Array, " N"]  # of the pictures' pixels that each Gaussian fills
    area: Float[Array, " N"]  # seen of each Gaussian, squared scene units
    facing: Float[Array, "N 3"]  # Σ area times the direction to the camera, over the views
    # Pieces of border: the nearer Gaussian, the other one (−1: nothing), and the length in scene
    # units.
    near: Int[Array, " P"]
    far: Int[Array, " P"]
    length: Float[Array, " P"]
    touch: Bool[Array, " P"]  # whether the two touch there

    @classmethod
    def seen(cls, gaussians: Gaussians, fronts: Sequence[Front], *, job: Job = SILENT) -> Surfaces:
        """Collect what the views show. Raises `Cancelled`."""
        share, area = np.zeros(len(gaussians)), np.zeros(len(gaussians))
        facing = np.zeros((len(gaussians), 3))
        extent = EXTENTS * np.sort(gaussians.scales, axis=1)[:, 1]
        borders = []
        for one in fronts:
            job.check()
            which, counts, part, toward = one.surface(gaussians.means)
            share[which] += counts / one.shown.size
            area[which] += part
            facing[which] += toward
            borders.append(_borders(one, gaussians.means, extent))
        near, far, length, touch = (np.concatenate(parts) for parts in zip(*borders, strict=True))
        count = len(fronts)
        return cls(share / count, area / count, facing, near, far, length / count, touch)

    @classmethod
    def unseen(cls, gaussians: Gaussians, graph: Graph) -> Surfaces:
        """The same without views: all Gaussians are seen, and neighbors in the graph touch."""
        sizes = np.sort(gaussians.scales, axis=1).astype(np.float64)
        rows = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
        once = rows < graph.indices
        near, far = rows[once], graph.indices[once]
        area = np.pi * sizes[:, 1] * sizes[:, 2]
        return cls(
            area / max(float(area.sum()), 1e-12),
            area,
            np.zeros((len(gaussians), 3)),
            near,
            far,
            np.linalg.norm(gaussians.means[near] - gaussians.means[far], axis=1),
            np.ones(len(near), bool),
        )


def _borders(
    front: Front, means: Float[Array, "N 3"], extent: Float[Array, " N"]
) -> tuple[Array, Array, Array, Array]:
    """`near`, `far`, `length` and `touch` of one view."""
    shown, depth = front.shown, front.depth(means)
    pixel = depth / front.camera.K[0, 0]  # in scene units
    one = np.concatenate([shown[:, :-1].ravel(), shown[:-1].ravel()])
    other = np.concatenate([shown[:, 1:].ravel(), shown[1:].ravel()])
    apart = one != other
    one, other = one[apart], other[apart]
    far_first = (one < 0) | ((other >= 0) & (depth[other] < depth[one]))
    near, far = np.where(far_first, other, one), np.where(far_first, one, other)
    gap = np.linalg.norm(means[near] - means[far], axis=1)
    reach = PIXELS * pixel[near] + extent[near] + extent[far]
    return near, far, pixel[near], (far >= 0) & (gap < reach)
