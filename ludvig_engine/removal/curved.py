"""Curved surfaces continued where an object touched or hid them, and no plane goes on.

They are where a function of space is 0: it is 0 at what the views see around, grows along the
normals there, is positive where the object was, and is smooth in between [after Carr et al.,
"Reconstruction and Representation of 3D Objects with Radial Basis Functions", SIGGRAPH 2001].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree
from skimage.measure import marching_cubes

from ..arrays import Array, Float, Int
from ..scene import Gaussians
from .discs import discs
from .hole import unseen
from .recolor import recolored
from .sightings import Sighting, Surfels

# Cells of a grid on the longest side of the object's box, which is this share of the object's size
# larger on each side. 24 cells cost 0.1 to 0.2 dB.
CELLS = 48
MARGIN = 0.1
# Gaussians of the surfaces that are continued: at most so many, with three equations for each,
# not closer than this many cells, and at most so far from the box, in sizes of the object.
MOST, APART = 1000, 1.5
AROUND = 0.25
# The normals that are averaged, because the thinnest axis of a single Gaussian is a noisy normal.
NEIGHBORS = 8
# A Gaussian whose neighbors are farther away than this many times what is usual floats alone.
ALONE = 3.0
# How far along a normal, in cells, the function is the distance.
STEP = 1.5
# So many of the object's own points, farther than this many cells from all others, say that no
# surface is there. What is hidden can be nearer to them than all that is seen, hence the share.
OWN, CLEAR = 300, 3.0
SHARE = 0.5
SMOOTH = 1e-3  # of the function, times the object's size: surfaces are noisy
# A new Gaussian's standard deviations, and how far it is at least from the others, in cells.
WIDE, THIN = 0.7, 0.1
NEW = 0.5
FEWEST = 10  # cells of a hole


def curved(
    firm: Gaussians,
    rows: Int[Array, " N"],
    planes: Gaussians,
    object_points: Float[Array, "P 3"],
    size: float,
    sights: Sequence[Sighting],
    behind: Sequence[Float[Array, "H W"]],
) -> Gaussians | None:
    """New Gaussians, in colors that go on around them; None where nothing is missing.

    `firm` are those of the scene around the object, `rows` where they were in the scene, `planes`
    what was made already; `behind` is how deep the sights are with both. `size` is the object's.
    """
    low, high = np.percentile(object_points, [1, 99], axis=0) + MARGIN * size * np.array(
        [[-1], [1]]
    )
    cell = float((high - low).max()) / CELLS
    shape = np.ceil((high - low) / cell).astype(int) + 1
    points = low + cell * np.indices(shape).reshape(3, -1).T
    hole, _ = unseen(points, None, sights, behind, cell)
    near = ((firm.means > low - AROUND * size) & (firm.means < high + AROUND * size)).all(1)
    firm, rows = firm.take(near), rows[near]
    places, normals = _seen(firm, rows, planes, sights)
    if hole.sum() < FEWEST or len(places) < FEWEST:
        return None
    chosen = _thinned(places, APART * cell)
    chosen = chosen[cKDTree(points[hole]).query(places[chosen])[0].argsort()[:MOST]]
    own = object_points[:: max(len(object_points) // OWN, 1)]
    function = _function(places[chosen], normals[chosen], own, cell, size)
    around = binary_dilation(hole.reshape(shape), iterations=2)
    values = np.ones(shape)
    values[around] = function(points[around.ravel()])
    inner = binary_dilation(hole.reshape(shape))
    if not ((values[inner] < 0).any() and (values[inner] > 0).any()):
        return None
    corners = marching_cubes(values, 0.0, mask=inner)[0]
    corners = corners[_thinned(corners, 0.8)]
    found = low + corners * cell
    new = cKDTree(np.concatenate([firm.means, planes.means])).query(found)[0] > NEW * cell
    new &= unseen(found, None, sights, behind, cell)[0]
    if not new.any():
        return None
    slope = np.array(np.gradient(values))[:, *corners[new].round().astype(int).T].T
    slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-9)
    made = discs(found[new], slope, WIDE * cell, THIN * cell, firm.shN.shape[1])
    both = Gaussians.joined([firm, made])
    return recolored(both, np.arange(len(both)) >= len(firm)).take(np.s_[len(firm) :])


def _seen(
    firm: Gaussians, rows: Int[Array, " N"], planes: Gaussians, sights: Sequence[Sighting]
) -> tuple[Float[Array, "S 3"], Float[Array, "S 3"]]:
    """The flat Gaussians that some view sees, and their normals, on the side of the views."""
    both = Surfels.of(Gaussians.joined([firm, planes]))
    outward = np.zeros(len(both.means))
    for sight in sights:
        shown = np.zeros(int(rows.max(initial=0)) + 2, bool)
        shown[sight.front[(sight.front >= 0) & (sight.front < len(shown))]] = True
        which = np.concatenate([shown[rows], np.ones(len(planes), bool)])
        to = sight.camera.center - both.means[which]
        outward[which] += np.sign((to * both.normals[which]).sum(1))
    flat = (outward != 0) & (both.reach > 0)
    places, normals = both.means[flat], both.normals[flat] * np.sign(outward[flat])[:, None]
    if len(places) < FEWEST:
        return places, normals
    distance, beside = cKDTree(places).query(places, NEIGHBORS)
    beside = normals[beside]
    alike = (beside * normals[:, None]).sum(2) > 0.5
    mean = (beside * alike[..., None]).sum(1)
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    # What floats alone is no surface.
    part = (distance[:, -1] < ALONE * np.median(distance[:, -1])) & (alike.mean(1) >= 0.5)
    return places[part], mean[part]


def _thinned(points: Float[Array, "P 3"], apart: float) -> Int[Array, " Q"]:
    """One of the points in each cube of this side."""
    return np.unique(np.floor(points / apart).astype(np.int64), axis=0, return_index=True)[1]


def _function(
    places: Float[Array, "S 3"],
    normals: Float[Array, "S 3"],
    own: Float[Array, "K 3"],
    cell: float,
    size: float,
) -> RBFInterpolator:
    distance, _ = cKDTree(places).query(own)
    clear = distance > CLEAR * cell
    step = STEP * cell
    where = np.concatenate([places, places + step * normals, places - step * normals, own[clear]])
    zero = np.zeros(len(places))
    values = np.concatenate([zero, zero + step, zero - step, SHARE * distance[clear]])
    return RBFInterpolator(where, values, kernel="cubic", smoothing=SMOOTH * size, degree=1)
