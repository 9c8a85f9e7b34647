"""Splats that show a scene as sharply as its photos do, for measures of what is behind things.

Beside those of `splatting.splat` they are more and smaller, opaque, and exactly on their surfaces;
behind the front layer, off all silhouettes, lies a second one that closes its gaps, so that the
Gaussians of the first need not reach over silhouettes. They are drawn with opacities that make up
for the rasterizer's blur: without that, all that is seen along a surface adds up to a rim of half a
pixel around every thing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import numpy as np
from photograph import Shot
from scipy.spatial import cKDTree
from splatting import Points, clustered, colored, floaters, points_of

from ludvig_engine.arrays import Array, Bool, Float
from ludvig_engine.scene import Gaussians
from ludvig_engine.scene.raster import GSPLAT

RASTER = replace(GSPLAT, antialiased=True)
# On "desk", in the pixels that things cover, from cameras that are held back: 36,000 Gaussians of
# 22 photos gave 24.2 dB, 25.3 with the raster above; 60,000 of 48 photos 26.1, and 26.2 with the
# second layer, which leaves 0.8 instead of 1.7 % of all pixels with an alpha below 0.9.
FRONT, BEHIND = 60_000, 15_000
SAMPLES = 16  # pixels per Gaussian
# The standard deviation of a Gaussian over that of its pixels, on things and near silhouettes, on
# what is beside them, and in the second layer.
TIGHT, LOOSE = 1.6, 2.3
CLOSED = 2.2
NEAR = 3.0  # pixels from a silhouette
CLEAR = 4.0  # pixels around silhouettes without a second layer
# How deep the second layer lies, as a share of its Gaussians' middle standard deviation, and at
# least, in scene units.
DEPTH, LEAST = 0.3, 0.005
HAZE = 0.1  # of the transparency of other scenes' Gaussians
STEPS = 8  # of fitting colors


def sharp(
    shots: Sequence[Shot],
    photos: Sequence[Float[Array, "3 H W"]],
    *,
    seed: int,
    dense: Callable[[Shot], Float[Array, "H W"]],
) -> Gaussians:
    """Gaussians with colors, for the surfaces that the photos show; `dense` as for `splat`."""
    random = np.random.default_rng(seed)
    points = points_of(shots, photos, FRONT * SAMPLES, random, TIGHT, dense, ())
    spread = np.where((points.spread > TIGHT) & (points.inside >= NEAR), LOOSE, TIGHT)
    front = clustered(replace(points, spread=spread), FRONT, random, noise=0)
    opacities = 1 - HAZE * (1 - front.opacities)
    front = replace(front, opacities=opacities.astype(np.float32))
    layers = [front, _behind(points, random), floaters(shots, random)]
    cameras = [shot.camera for shot in shots]
    cloud = Gaussians.joined(layers)
    return colored(cloud, cameras, photos, steps=STEPS, momentum=True, raster=RASTER)


def _behind(points: Points, random: np.random.Generator) -> Gaussians:
    """The second layer, a little behind the surfaces."""
    some = _taken(points, points.inside > CLEAR)
    some = _taken(some, random.random(len(some.spread)) < BEHIND * SAMPLES / len(some.spread))
    layer = clustered(
        replace(some, spread=np.full(len(some.spread), CLOSED)), BEHIND, random, noise=0
    )
    _, beside = cKDTree(some.positions).query(layer.means)
    depth = DEPTH * np.sort(layer.scales, 1)[:, 1:2] + LEAST
    means = layer.means - depth * some.normals[beside]
    opaque = np.full(len(means), 0.98, np.float32)
    return replace(layer, means=means.astype(np.float32), opacities=opaque)


def _taken(points: Points, which: Bool[Array, " P"]) -> Points:
    return Points(*(getattr(points, field.name)[which] for field in fields(Points)))
