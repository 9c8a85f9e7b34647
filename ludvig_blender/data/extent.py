"""The box that Blender draws around splats, and that *Frame Selected* frames: without floaters.

Blender has no box of one's own for an object. It takes each point into the box with its radius,
from position - radius to position + radius, so a point with a radius far below zero is left out.
For splats the radius means nothing else. The first point counts as if it had none, so files are
read with another one in the place of a first one that is left out (reading.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...ludvig_engine.planning.bounds import Ball, bounds
from . import attributes, splats

if TYPE_CHECKING:
    from ...ludvig_engine.scene import Gaussians
    from .types import SplatObject

RADIUS = "radius"
# The ball around a scene is widened by a tenth as long as that adds this part of all splats, and
# once more. So it holds a guitar's neck, of which each tenth has 1 % or more, and stops before the
# walls around a table: of two captures with floaters and far walls the box of all splats is 3.5 and
# 13 times as wide as the ball, and this one 1.2 and 1.3 times.
SHELL = 0.005
WIDER = 1.1


def around(gaussians: Gaussians) -> tuple[Ball, np.ndarray]:
    """The ball around all splats but floaters and horizon, and the radius of each splat.

    The radii (N,) float32 are 0 in the ball, whose splats the box holds, and negative outside.
    """
    ball = bounds(gaussians)
    away = np.linalg.norm(gaussians.means - ball.center.astype(np.float32), axis=1)
    radius = WIDER * ball.radius
    while np.mean((away > radius / WIDER) & (away <= radius)) >= SHELL:
        radius *= WIDER
    # Whichever side a splat is on, twice its distance leads to the other one of the ball.
    radii = np.where(away > radius, -2 * away, 0).astype(np.float32)
    return Ball(ball.center, radius), radii


def first(radii: np.ndarray) -> int:
    """The row of the first splat in the box."""
    return int(np.argmax(radii >= 0))


def renew(thing: SplatObject) -> None:
    """Find which splats of a new object are in its box; one of them becomes the first."""
    cloud, gaussians = thing.data, splats.read(thing.data, harmonics=False)
    # Blender 4.5 forgets a box when an attribute comes or goes, and not when its values change.
    attributes.drop(cloud, RADIUS)
    if not len(gaussians):
        return
    _, radii = around(gaussians)
    attributes.put(cloud, RADIUS, "FLOAT", radii)
    front = first(radii)
    for name in attributes.names(cloud) if front else ():
        values = attributes.get(cloud, name)
        assert values is not None
        values[[0, front]] = values[[front, 0]]
        attributes.put(cloud, name, cloud.attributes[name].data_type, values)
    cloud.update_tag()
