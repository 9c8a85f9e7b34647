"""Splats as dots, with Blender's own shader: for graphics cards that cannot draw the real thing, or in a hurry."""

from __future__ import annotations

from typing import Any

import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix

from ..sh import C0
from .cloud import Cloud

MOST = 300_000  # dots per object; of more splats an even sample is shown

_batches: dict[tuple[int, int, int], Any] = {}


def draw(clouds: list[tuple[Cloud, np.ndarray]], settings: Any) -> None:
    """Draw clouds with their world matrices into the region that Blender is drawing."""
    shader = _shader()
    keys = set()
    gpu.state.depth_test_set("LESS_EQUAL")
    gpu.state.depth_mask_set(True)
    gpu.state.point_size_set(3.0)
    for cloud, world in clouds:
        key = (cloud.geometry_version, cloud.color_version, cloud.state_version)
        keys.add(key)
        if key not in _batches:
            _batches[key] = _batch(shader, cloud, settings)
        with gpu.matrix.push_pop():
            gpu.matrix.multiply_matrix(Matrix(world))
            _batches[key].draw(shader)
    gpu.state.depth_test_set("NONE")
    gpu.state.depth_mask_set(False)
    for key in set(_batches) - keys:
        del _batches[key]


def _shader() -> Any:
    try:
        return gpu.shader.from_builtin("POINT_FLAT_COLOR")  # Vulkan and Metal want the point's size from the shader
    except ValueError:
        return gpu.shader.from_builtin("FLAT_COLOR")


def _batch(shader: Any, cloud: Cloud, settings: Any) -> Any:
    shown = np.flatnonzero((cloud.state < 2) & (cloud.snapshot.base[:, 3] > 0.1))
    shown = shown[:: max(len(shown) // MOST, 1)]
    colors = np.ones((len(shown), 4), np.float32)
    srgb = np.clip(0.5 + C0 * cloud.snapshot.base[shown, :3], 0, 1)
    if settings.selection:
        chosen = cloud.state[shown] > 0.5
        *tint, strength = settings.selection_color
        srgb[chosen] += strength * (np.array(tint) - srgb[chosen])
    colors[:, :3] = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return batch_for_shader(shader, "POINTS", {"pos": cloud.snapshot.means[shown], "color": colors})
