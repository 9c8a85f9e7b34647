"""Arrays laid out as data textures: element i at (i % WIDTH, i / WIDTH). NumPy only: the worker does this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WIDTH = 4096  # the shader divides by it with a shift


def rows(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Texels (n, channels) one part after the other, float32, filled up to whole rows unless one row holds them all."""
    count = sum(len(part) for part in parts)
    if len(parts) == 1 and (count < WIDTH or count % WIDTH == 0):
        return np.ascontiguousarray(parts[0], np.float32)
    whole = np.empty(
        (count if count < WIDTH else -(-count // WIDTH) * WIDTH, parts[0].shape[1]), np.float32
    )
    whole[count:] = 0
    np.concatenate(parts, out=whole[:count])
    return whole
