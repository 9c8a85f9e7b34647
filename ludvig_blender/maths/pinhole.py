"""Any view in Blender as the engine's pinhole camera, in the space of a splat object.

So a prompt keeps its meaning when the object is moved, and the engine need not know Blender's world
space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.wire.methods import Viewport
from ..translation.say import say_report
from .lens import Lens

if TYPE_CHECKING:
    import bpy

# From OpenGL's camera axes (y up, z backward) to OpenCV's (y down, z forward).
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
# An orthographic view is approximated by a pinhole camera at this many times the view's own width,
# where rays are parallel to 0.03 degrees.
FAR = 1000.0
# The largest relative difference between an object's scales: more would shift a prompt by a pixel.
UNEVEN = 1e-3


def of_region(region: bpy.types.Region, region_data: bpy.types.RegionView3D) -> Lens:
    """The view that a region of the 3D viewport shows, through a camera or not."""
    view = np.array(region_data.view_matrix, np.float64)
    return Lens(view, np.array(region_data.window_matrix, np.float64), region.width, region.height)


def viewport(lens: Lens, world: np.ndarray, center: np.ndarray) -> Viewport:
    """The camera in the space of an object whose image is what the lens sees in the world.

    `world` (4, 4) is the object's world matrix. If that mirrors, the image is the mirror image: see
    `mirrored`. For an orthographic lens the image is exact at the depth of `center` (3,), in object
    space, and close elsewhere. Raises `EngineError` if the object is scaled unevenly: then there is
    no such camera.
    """
    model = FLIP @ lens.view @ np.asarray(world, np.float64)
    if mirrored(world):
        model = np.diag([-1.0, 1.0, 1.0, 1.0]) @ model
    scale = _scale(model)
    # Dividing by the scale does not change the image, because x/z and y/z stay the same.
    viewmat = model / scale
    viewmat[3] = 0, 0, 0, 1
    K = _intrinsics(lens)
    if mirrored(world):
        K[0, 2] = lens.width - K[0, 2]
    if lens.orthographic:
        # A distant pinhole camera: at the depth of the center it sees the size that the lens sees
        # everywhere.
        away = FAR * max(lens.width / K[0, 0], lens.height / K[1, 1]) / scale
        K[0, 0], K[1, 1] = (scale * away * K[axis, axis] for axis in (0, 1))
        viewmat[2, 3] = away - viewmat[2, :3] @ center
    return Viewport(viewmat, K, lens.width, lens.height)


def _scale(model: np.ndarray) -> float:
    """How a matrix (4, 4) scales lengths. Raises `EngineError` if not the same on all axes."""
    stretches = np.linalg.svd(model[:3, :3], compute_uv=False)
    if stretches[0] - stretches[2] > UNEVEN * stretches[0] or stretches[2] == 0:
        shown = " x ".join(f"{length:.3g}" for length in stretches)
        raise EngineError(
            "uneven_scale",
            say_report(
                "The object is scaled unevenly ({scale}), so no camera in its space shows this "
                "view.",
                scale=shown,
            ),
            ["Give the object the same scale on all axes."],
        )
    return float(stretches.mean())


def mirrored(world: np.ndarray) -> bool:
    """Whether the image of `viewport` is mirrored: a pixel's x is then width - 1 - x."""
    return bool(np.linalg.det(np.asarray(world, np.float64)[:3, :3]) < 0)


def _intrinsics(lens: Lens) -> np.ndarray:
    """K (3, 3) from OpenGL's projection.

    The focal lengths of an orthographic lens are in pixels per unit of length.
    """
    p = lens.projection
    width = lens.width
    height = lens.height
    # Where the optical axis meets clip space.
    right, up = (p[0, 3], p[1, 3]) if lens.orthographic else (-p[0, 2], -p[1, 2])
    fx, fy = p[0, 0] * width / 2, p[1, 1] * height / 2
    return np.array([[fx, 0, (1 + right) * width / 2], [0, fy, (1 - up) * height / 2], [0, 0, 1]])
