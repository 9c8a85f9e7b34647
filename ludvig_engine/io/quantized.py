"""What the compressed splat formats have in common: colors and quaternions in a few bits."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Shaped

# The harmonic of degree 0, 1 / (2 sqrt(pi)). A color is 0.5 + SH_C0 * sh0.
SH_C0 = 0.28209479177387814


def sh0_from_colors(colors: Float[Array, "N 3"]) -> Float[Array, "N 1 3"]:
    """The spherical harmonics of degree 0 of RGB colors, 0..1."""
    return ((colors - 0.5) / SH_C0).astype(np.float32)[:, None]


def from_smallest_three(
    three: Float[Array, "N 3"], largest: Shaped[Array, " N"]
) -> Float[Array, "N 4"]:
    """Unit quaternions from three of their components, in order.

    The missing component is the largest one; it is number `largest` and positive.
    """
    missing = np.sqrt(np.maximum(0, 1 - np.square(three).sum(1)))
    quats = np.empty((len(three), 4), np.float32)
    for place in range(4):
        rows = largest == place
        quats[rows] = np.insert(three[rows], place, missing[rows], axis=1)
    return quats
