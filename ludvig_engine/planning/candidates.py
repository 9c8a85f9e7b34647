"""Places that a scene may be looked at from: all around it, and from within.

Cameras stand upright where that can be: up is -y, as in COLMAP's and 3DGS's files. A bare splat
file does not say, and features hardly depend on it.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial import cKDTree

from ..arrays import Array, Float
from ..scene import Camera, Gaussians
from .bounds import Ball

UP = np.array([0.0, -1.0, 0.0])
# Width and height of the pictures that plans are made with, in pixels. Pictures for features have
# the same shape.
SIZE = (96, 72)
# The widths of the field of view, in radians: of a photo camera, and of a wide angle for rooms.
AROUND_FOV, WITHIN_FOV = math.radians(55), math.radians(80)
DIRECTIONS = 72  # around the scene; neighbors are 24 degrees apart
# How far off the scene is looked at, as shares of the distance at which all of it fits the picture.
# With 1 added, things are smaller, and bananas of a real capture are found with an IoU of .963 in
# pictures of 320 pixels, instead of .977; with 0.7, 0.5 and 0.35 it is .976.
DISTANCES = (0.7, 0.45)
# Nothing should be nearer than that, as shares of the scene's radius: else a view is in a surface
# or behind a wall.
AROUND_NEAREST, WITHIN_NEAREST = 0.25, 0.1
PLACES, TURNS = 10, 16  # within the scene: where cameras stand, and how many ways each looks
GRID = 12  # places along the scene that are tried


def around(ball: Ball) -> list[Camera]:
    """Cameras on spheres around the scene that look at its middle."""
    whole = ball.radius / math.sin(math.atan(math.tan(AROUND_FOV / 2) * SIZE[1] / SIZE[0]))
    return [
        looking(ball.center + direction * whole * share, -direction, AROUND_FOV)
        for share in DISTANCES
        for direction in directions(DIRECTIONS)
    ]


def within(ball: Ball, gaussians: Gaussians) -> list[Camera]:
    """Cameras inside the scene that look out, from the places with the most room around them."""
    return [
        looking(place, direction, WITHIN_FOV)
        for place in _roomy(ball, gaussians)
        for direction in directions(TURNS)
    ]


def _roomy(ball: Ball, gaussians: Gaussians) -> Float[Array, "P 3"]:
    """Places in the scene, far from Gaussians and from each other."""
    low, high = np.percentile(gaussians.means, [10, 90], axis=0)
    axes = [np.linspace(a, b, GRID) for a, b in zip(low, high, strict=True)]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    room, _ = cKDTree(gaussians.means).query(places)
    chosen: list[int] = []
    for _ in range(PLACES):
        # The next one has the most room, where places that are chosen take up room too.
        best = int(np.argmax(room))
        chosen.append(best)
        room = np.minimum(room, np.linalg.norm(places - places[best], axis=1) / 2)
    return places[chosen]


def directions(count: int) -> Float[Array, "D 3"]:
    """Unit vectors spread evenly over the sphere, along a spiral around the y axis."""
    turn = np.arange(count) * math.pi * (3 - math.sqrt(5))
    height = 1 - (2 * np.arange(count) + 1) / count
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), -height, flat * np.sin(turn)], 1)


def looking(place: Float[Array, " 3"], along: Float[Array, " 3"], fov: float) -> Camera:
    """The camera at a place that looks along a unit vector, upright unless that is up or down."""
    up = UP if abs(along @ UP) < 0.99 else np.array([0.0, 0.0, 1.0])
    right = np.cross(along, up)
    right /= np.linalg.norm(right)
    viewmat = np.eye(4)
    viewmat[:3, :3] = np.stack([right, np.cross(along, right), along])
    viewmat[:3, 3] = -viewmat[:3, :3] @ place
    width, height = SIZE
    focal = width / 2 / math.tan(fov / 2)
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    return Camera(viewmat, K, width, height)
