"""Arrays laid out as data textures: element i is at (i % WIDTH, i // WIDTH).

NumPy only, as the worker does this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WIDTH = 4096  # the shader divides by it with a shift


def rows(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts as float32 texels (n, channels), one after the other.

    They are padded to whole rows, unless they fit into a single row.
    """
    count = sum(len(part) for part in parts)
    if len(parts) == 1 and (count < WIDTH or count % WIDTH == 0):
        return np.ascontiguousarray(parts[0], np.float32)
    padded = count if count < WIDTH else -(-count // WIDTH) * WIDTH
    whole = np.empty((padded, parts[0].shape[1]), np.float32)
    whole[count:] = 0
    np.concatenate(parts, out=whole[:count])
    return whole
