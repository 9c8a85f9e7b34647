"""Continue values smoothly from where they are known: colors, light and heights."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool, Float

_HALF = np.array([1, 3, 3, 1], np.float32) / 8


def continued(values: Float[Array, "H W C"], known: Float[Array, "H W"]) -> Float[Array, "H W C"]:
    """The values where `known` is 1, and what continues them smoothly where it is 0.

    By a pyramid of weighted means: each level fills what the one below knows nothing of. Where
    nothing at all is known the answer is 0.
    """
    weight = np.clip(known, 0, 1).astype(np.float32)[..., None]
    return _pulled(np.where(weight > 0, values, 0).astype(np.float32) * weight, weight)


def _pulled(summed: Array, weight: Array) -> Array:
    """Σ w v and Σ w of one level -> its values."""
    if min(weight.shape[:2]) > 1:
        height, width = weight.shape[:2]
        below = 4 * _halved(weight)
        enough = np.maximum(below, 1)
        coarse = _pulled(4 * _halved(summed) / enough, below / enough)
        behind = _doubled(coarse, height, width)
    else:
        behind = np.broadcast_to(summed.sum((0, 1)) / max(float(weight.sum()), 1e-12), summed.shape)
    return summed + (1 - weight) * behind


def _halved(image: Array) -> Array:
    """Every other pixel of the image blurred; sums of weights stay comparable."""
    for axis in (0, 1):
        if image.shape[axis] % 2:
            image = np.concatenate([image, np.zeros_like(image.take([0], axis))], axis)
        pad = [(0, 0)] * image.ndim
        pad[axis] = (1, 1)
        padded = np.pad(image, pad)
        count = image.shape[axis] // 2
        image = sum(
            share * padded.take(np.arange(count) * 2 + k, axis) for k, share in enumerate(_HALF)
        )
    return image


def _doubled(image: Array, height: int, width: int) -> Array:
    """Bilinear upsampling."""
    for axis, size in ((0, height), (1, width)):
        at = np.clip((np.arange(size) - 0.5) / 2, 0, image.shape[axis] - 1)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, image.shape[axis] - 1)
        shape = [1] * image.ndim
        shape[axis] = size
        part = (at - low).astype(np.float32).reshape(shape)
        image = image.take(low, axis) * (1 - part) + image.take(high, axis) * part
    return image


def ring(mask: Bool[Array, "H W"], steps: int) -> Bool[Array, "H W"]:
    """The pixels within `steps` of the mask, without it."""
    from scipy.ndimage import distance_transform_edt

    found: Array = ~mask & (distance_transform_edt(~mask) <= steps) if mask.any() else mask
    return found
