"""Splats as dots, drawn with Blender's own shader.

They are for graphics cards that cannot draw splats, and for scenes where splats are too slow.
"""

from __future__ import annotations

from typing import Any

import gpu
import numpy as np
from mathutils import Matrix

from ..maths import layers
from ..maths.sh import C0
from . import painter
from .cloud import Cloud

# Dots per object. Of an object with more splats, every n-th is shown.
MOST = 300_000


class Points:
    """Draws clouds as dots, and keeps on the GPU what it drew last."""

    def __init__(self) -> None:
        self._batches: dict[tuple[object, ...], gpu.types.GPUBatch] = {}

    def draw(
        self, clouds: list[tuple[Cloud, np.ndarray]], tint: tuple[float, float, float, float]
    ) -> None:
        """Draw clouds with their world matrices into the region that Blender is drawing.

        `tint` is the color of selected splats.
        """
        shader = _shader()
        before = self._batches
        self._batches = {}
        gpu.state.depth_test_set("LESS_EQUAL")
        gpu.state.depth_mask_set(True)
        gpu.state.point_size_set(3.0)
        for cloud, world in clouds:
            key = (cloud.geometry_version, cloud.color_version, cloud.state_version, tint)
            self._batches[key] = before.get(key) or _batch(shader, cloud, tint)
            # Any, because the stub does not know that it is a context manager.
            pushed: Any = gpu.matrix.push_pop()
            with pushed:
                gpu.matrix.multiply_matrix(Matrix(world.tolist()))
                self._batches[key].draw(shader)
        gpu.state.depth_test_set("NONE")
        gpu.state.depth_mask_set(False)


def _shader() -> gpu.types.GPUShader:
    try:
        # Vulkan and Metal need a shader that sets the size of the points.
        return gpu.shader.from_builtin("POINT_FLAT_COLOR")
    except ValueError:
        return gpu.shader.from_builtin("FLAT_COLOR")


def _batch(
    shader: gpu.types.GPUShader, cloud: Cloud, tint: tuple[float, float, float, float]
) -> gpu.types.GPUBatch:
    shown = np.flatnonzero((cloud.state < 2) & (cloud.snapshot.base[:, 3] > 0.1))
    shown = shown[:: -(-len(shown) // MOST) or 1]
    srgb = np.clip(0.5 + C0 * cloud.snapshot.base[shown, :3], 0, 1)
    chosen = cloud.state[shown] > 0.5
    srgb[chosen] += tint[3] * (np.array(tint[:3]) - srgb[chosen])
    colors = np.column_stack([layers.light(srgb), np.ones(len(shown))]).astype(np.float32)
    return painter.batch(shader, "POINTS", pos=cloud.snapshot.means[shown], color=colors)
