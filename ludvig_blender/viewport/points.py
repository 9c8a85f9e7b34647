"""Splats as dots, with Blender's own shader: for graphics cards that cannot draw the real thing, or in a hurry."""

from __future__ import annotations

from typing import Any

import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix

from ..maths.sh import C0
from .cloud import Cloud

MOST = 300_000  # dots per object; of more splats an even sample is shown


class Points:
    """Draws clouds as dots; keeps on the GPU what it drew last."""

    def __init__(self) -> None:
        self._batches: dict[tuple[Any, ...], Any] = {}

    def draw(
        self, clouds: list[tuple[Cloud, np.ndarray]], tint: tuple[float, float, float, float]
    ) -> None:
        """Draw clouds with their world matrices into the region Blender is drawing. `tint`: of the selection."""
        shader = _shader()
        before = self._batches
        self._batches = {}
        gpu.state.depth_test_set("LESS_EQUAL")
        gpu.state.depth_mask_set(True)
        gpu.state.point_size_set(3.0)
        for cloud, world in clouds:
            key = (cloud.geometry_version, cloud.color_version, cloud.state_version, tint)
            self._batches[key] = before.get(key) or _batch(shader, cloud, tint)
            with gpu.matrix.push_pop():
                gpu.matrix.multiply_matrix(Matrix(world))
                self._batches[key].draw(shader)
        gpu.state.depth_test_set("NONE")
        gpu.state.depth_mask_set(False)


def _shader() -> Any:
    try:
        return gpu.shader.from_builtin(
            "POINT_FLAT_COLOR"
        )  # Vulkan and Metal want the point's size from the shader
    except ValueError:
        return gpu.shader.from_builtin("FLAT_COLOR")


def _batch(shader: Any, cloud: Cloud, tint: tuple[float, float, float, float]) -> Any:
    shown = np.flatnonzero((cloud.state < 2) & (cloud.snapshot.base[:, 3] > 0.1))
    shown = shown[:: -(-len(shown) // MOST) or 1]
    srgb = np.clip(0.5 + C0 * cloud.snapshot.base[shown, :3], 0, 1)
    chosen = cloud.state[shown] > 0.5
    srgb[chosen] += tint[3] * (np.array(tint[:3]) - srgb[chosen])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    colors = np.column_stack([linear, np.ones(len(shown))]).astype(np.float32)
    return batch_for_shader(shader, "POINTS", {"pos": cloud.snapshot.means[shown], "color": colors})
