"""How sharply surfaces turn along the edges of the graph: things meet in creases.

Where a thing stands on or leans against another, the surface turns towards the viewer (concave);
parts of one thing rather meet where it turns away (convex). So edges across a concave crease are
taken for longer than their features say, and edges across a convex one for shorter [after Stein,
Schoeler, Papon and Woergoetter, "Object Partitioning using Local Convexity", CVPR 2014].
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit
from scipy.spatial.transform import Rotation

from ..arrays import Array, Float
from ..graph.neighbors import Graph
from ..progress import SILENT, Job, chunks
from ..scene import Gaussians

# Steps in which normals are averaged over neighbors. The thinnest axis of a single Gaussian is a
# noisy normal; with one step, one click finds 2 % IoU less, with four as much.
STEPS = 2
# Least weight of a Gaussian that is not flat, whose thinnest axis says little.
ROUND = 0.05
PIECE = 65536


def crease_factors(
    graph: Graph,
    gaussians: Gaussians,
    weights: Float[Array, " N"],
    facing: Float[Array, "N 3"],
    *,
    concave: float,
    job: Job = SILENT,
) -> Float[Array, " E"]:
    """What to multiply the feature distance of every edge by; 1 where nothing turns.

    `weights` say how much the photos show of a Gaussian, and `facing` from which side (fronts.py).
    The turn along an edge is (n_i − n_j)·(x_i − x_j)/|x_i − x_j|, in −2..2 and negative where
    concave; the factor is 1 + `concave` times a concave turn, or 1 / (1 + a convex one).
    """
    normals = job.aside(partial(_normals, graph, gaussians, weights, facing))
    means = np.ascontiguousarray(gaussians.means, np.float32)
    out = np.empty(len(graph.indices), np.float32)

    def one(part: slice) -> None:
        _factors(
            *(graph.indptr, graph.indices, means, normals),
            *(np.float32(concave), out, part.start, part.stop),
        )

    list(job.map(one, chunks(len(graph), PIECE)))
    return out


def thinnest_axes(gaussians: Gaussians) -> Float[Array, "N 3"]:
    """The direction of the least scale of each: the normal of its surface, up to its sign."""
    found = np.empty((len(gaussians), 3), np.float32)
    for part in chunks(len(gaussians), PIECE):  # whose rotations take 150 bytes each
        axes = Rotation.from_quat(gaussians.quats[part], scalar_first=True).as_matrix()
        thinnest = gaussians.scales[part].argmin(1)
        found[part] = np.take_along_axis(axes, thinnest[:, None, None], axis=2)[:, :, 0]
    return found


def thickness(gaussians: Gaussians) -> Float[Array, " N"]:
    """The least scale of each as a share of the next, 0..1: little if it is a piece of surface."""
    sizes = np.sort(gaussians.scales, axis=1)
    found: Array = sizes[:, 0] / np.maximum(sizes[:, 1], 1e-12)
    return found


def _normals(
    graph: Graph,
    gaussians: Gaussians,
    weights: Float[Array, " N"],
    facing: Float[Array, "N 3"],
) -> Float[Array, "N 3"]:
    """Unit normals of the surface around each Gaussian, on the side that the cameras are on."""
    normals = thinnest_axes(gaussians)
    normals[(normals * facing).sum(1) < 0] *= -1
    flat = np.clip(1 - thickness(gaussians), ROUND, 1)
    normals *= (flat * np.minimum(weights, np.median(weights)))[:, None]
    mean = graph.matrix(np.ones(len(graph.indices), np.float32))
    for _ in range(STEPS):
        normals = mean @ normals
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.ascontiguousarray(normals / np.maximum(length, 1e-12), np.float32)


@njit(nogil=True, cache=True, error_model="numpy")
def _factors(indptr, indices, means, normals, concave, out, start, stop):
    for i in range(start, stop):
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            turn = np.float32(0)
            length = np.float32(1e-24)
            for axis in range(3):
                step = means[i, axis] - means[j, axis]
                turn += (normals[i, axis] - normals[j, axis]) * step
                length += step * step
            turn /= np.sqrt(length)
            if turn < 0:
                out[e] = 1 - concave * turn
            else:
                out[e] = 1 / (1 + turn)
