"""Any view of Blender's as the engine's pinhole camera in the space of a splat object.

So a prompt keeps its meaning when the object is moved, and the engine needs to know nothing of Blender's world.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.wire.methods import Viewport
from .lens import Lens

FLIP = np.diag(
    [1.0, -1.0, -1.0, 1.0]
)  # OpenGL's camera axes (y up, z backward) to OpenCV's (y down, z forward)
FAR = 1000.0  # how many times its own width an orthographic view is looked at from: parallel to 0.03 degrees
UNEVEN = 1e-3  # relative difference of an object's scales that would shift a prompt by a pixel


def of_region(region: Any, region_data: Any) -> Lens:
    """What a region of the 3D viewport shows: perspective, orthographic or through a camera."""
    view = np.array(region_data.view_matrix, np.float64)
    return Lens(view, np.array(region_data.window_matrix, np.float64), region.width, region.height)


def viewport(lens: Lens, world: np.ndarray, center: np.ndarray) -> Viewport:
    """The camera that sees the space of an object with this world matrix (4, 4) as the lens sees the world.

    The image of a mirrored object is the mirror image: see `mirrored`. What an orthographic lens sees is met exactly at
    the depth of `center` (3,), object space, and closely elsewhere. Raises `EngineError` if the object is stretched
    more along one axis than another: then no camera sees in its space what the lens sees in the world.
    """
    model = FLIP @ lens.view @ np.asarray(world, np.float64)
    if mirrored(world):
        model = np.diag([-1.0, 1.0, 1.0, 1.0]) @ model
    stretches = np.linalg.svd(model[:3, :3], compute_uv=False)
    if stretches[0] - stretches[2] > UNEVEN * stretches[0] or stretches[2] == 0:
        shown = " x ".join(f"{length:.3g}" for length in stretches)
        raise EngineError(
            "uneven_scale",
            f"The object is stretched unevenly ({shown}), so what is seen here has no camera in its own space.",
            ["Give the object the same scale on all axes."],
        )
    # Dividing by the scale changes no picture: x/z and y/z stay what they are.
    viewmat = model / stretches.mean()
    viewmat[3] = 0, 0, 0, 1
    K = _intrinsics(lens)
    if mirrored(world):
        K[0, 2] = lens.width - K[0, 2]
    if lens.orthographic:
        # A pinhole far behind: at the depth of the centre it sees the size that the lens sees everywhere.
        away = FAR * max(lens.width / K[0, 0], lens.height / K[1, 1]) / stretches.mean()
        K[0, 0], K[1, 1] = (stretches.mean() * away * K[axis, axis] for axis in (0, 1))
        viewmat[2, 3] = away - viewmat[2, :3] @ center
    return Viewport(viewmat, K, lens.width, lens.height)


def mirrored(world: np.ndarray) -> bool:
    """Whether the pixels of `viewport`'s image count from the right: x is then width - 1 - x."""
    return bool(np.linalg.det(np.asarray(world, np.float64)[:3, :3]) < 0)


def _intrinsics(lens: Lens) -> np.ndarray:
    """K (3, 3) from OpenGL's projection; of an orthographic lens with pixels per unit of length as focal lengths."""
    p = lens.projection
    width = lens.width
    height = lens.height
    right, up = (
        (p[0, 3], p[1, 3]) if lens.orthographic else (-p[0, 2], -p[1, 2])
    )  # where the axis pierces clip space
    fx, fy = p[0, 0] * width / 2, p[1, 1] * height / 2
    return np.array([[fx, 0, (1 + right) * width / 2], [0, fy, (1 - up) * height / 2], [0, 0, 1]])
