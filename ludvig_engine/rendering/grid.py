"""How the cells of a feature map lie over the pixels of an image.

Interpolation is bilinear, like torch's with align_corners=False.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Int


def gaps(pixels: int, cells: int) -> tuple[Int[Array, " P"], Float[Array, " P"]]:
    """For each pixel along an axis the cell centered before it, and the share of the next cell.

    The center of cell j is at (j + ½) pixels / cells. Before the first center and beyond the last
    one the share is 0.
    """
    position = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    gap = np.floor(position).astype(np.int32)
    return gap, (position - gap).astype(np.float32)


def upsample(feature_map: Float[Array, "D h w"], height: int, width: int) -> Float[Array, "D H W"]:
    """U F: the map interpolated at every pixel.

    Shrinking only picks samples, so average a map that is finer than the image first.
    """
    for axis, pixels in ((1, height), (2, width)):
        cells = feature_map.shape[axis]
        gap, share = gaps(pixels, cells)
        share = np.expand_dims(share, (0, 2) if axis == 1 else (0, 1))
        low = np.take(feature_map, gap, axis)
        feature_map = low + share * (
            np.take(feature_map, np.minimum(gap + 1, cells - 1), axis) - low
        )
    return feature_map
