"""Splats, meshes and the world in one picture: splats before the meshes, meshes, splats behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Blender's depth of a pixel that shows nothing.
NOTHING = 1e10


@dataclass(frozen=True)
class Layer:
    """What lies within a range of depths."""

    color: np.ndarray  # (H, W, 4), premultiplied
    depth: np.ndarray  # (H, W) along the viewing direction


def over(front: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """Premultiplied colors (H, W, C + 1), their alpha last, laid over others."""
    return front + (1 - front[..., -1:]) * behind


def light(srgb: np.ndarray) -> np.ndarray:
    """sRGB in 0..1 as linear light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear(color: np.ndarray) -> np.ndarray:
    """Premultiplied sRGB (H, W, 4) as premultiplied linear light."""
    alpha = color[..., 3:]
    srgb = np.clip(color[..., :3] / np.maximum(alpha, 1e-6), 0, 1)
    return np.concatenate([light(srgb) * alpha, alpha], axis=-1).astype(np.float32)


def straight(color: np.ndarray) -> np.ndarray:
    """Premultiplied colors (H, W, 4) as straight ones from 0 to 1, which files have."""
    rgb = np.clip(color[..., :3] / np.maximum(color[..., 3:], 1e-6), 0, 1)
    return np.concatenate([rgb, color[..., 3:]], axis=-1).astype(np.float32)


def depth(layers: list[Layer]) -> np.ndarray:
    """The depth (H, W) of the layer, front to back, with which pixels are half covered."""
    found = np.full(layers[0].depth.shape, NOTHING, np.float32)
    clear = np.ones(found.shape, np.float32)
    for layer in layers:
        before, clear = clear, clear * (1 - layer.color[..., 3])
        found = np.where((before > 0.5) & (clear <= 0.5), layer.depth, found)
    return found
