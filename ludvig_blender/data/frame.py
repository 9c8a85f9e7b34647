"""The frame of a splat object's file, and where in it the object has its own origin.

The engine, the cameras of photos and the prompts know one frame: that of the file. The points of an
object have the same, until its origin is moved to the middle of a part of the scene, so that it
turns and scales about itself. `ludvig_capture.origin` says where in the frame that origin is.
Whatever goes between the points and the engine passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import attributes, splats

if TYPE_CHECKING:
    from .types import SplatObject

# The splats beyond this part of them on each side do not move the middle: there are floaters.
OUTSIDE = 0.02


def origin(thing: SplatObject) -> np.ndarray:
    """Where an object's own origin is in the frame of its file, (3,) float32."""
    return np.array(thing.ludvig_capture.origin, np.float32)


def shift(thing: SplatObject) -> np.ndarray:
    """The matrix (4, 4) from the space of an object to the frame of its file."""
    matrix = np.eye(4)
    matrix[:3, 3] = origin(thing)
    return matrix


def world(thing: SplatObject) -> np.ndarray:
    """The matrix (4, 4) from the frame of an object's file to world space."""
    return np.array(thing.matrix_world, np.float64) @ np.linalg.inv(shift(thing))


def center(thing: SplatObject) -> None:
    """Move an object's origin to the middle of its splats, which stay where they are."""
    from mathutils import Matrix

    means = splats.required(thing.data, "position")
    if not len(means):
        return
    low, high = np.quantile(means, [OUTSIDE, 1 - OUTSIDE], axis=0)
    middle = ((low + high) / 2).astype(np.float32)
    attributes.put(thing.data, "position", "FLOAT_VECTOR", means - middle)
    thing.data.update_tag()
    thing.ludvig_capture.origin = (origin(thing) + middle).tolist()
    thing.matrix_world = thing.matrix_world @ Matrix.Translation(middle.tolist())
