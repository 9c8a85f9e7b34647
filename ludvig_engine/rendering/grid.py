"""How the cells of a feature map lie over the pixels of an image: bilinear, torch's align_corners=False."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Int


def gaps(pixels: int, cells: int) -> tuple[Int[Array, " P"], Float[Array, " P"]]:
    """For each pixel along an axis the cell whose centre is before it, and the share of the cell after that.

    Cell j is centred at (j + ½) pixels / cells. Before the first centre and beyond the last the share is 0.
    """
    position = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    gap = np.floor(position).astype(np.int32)
    return gap, (position - gap).astype(np.float32)


def upsample(feature_map: Float[Array, "D h w"], height: int, width: int) -> Float[Array, "D H W"]:
    """U F: the map at every pixel. Shrinking picks samples: average a map that is finer than the image first."""
    for axis, pixels in ((1, height), (2, width)):
        cells = feature_map.shape[axis]
        gap, share = gaps(pixels, cells)
        share = np.expand_dims(share, (0, 2) if axis == 1 else (0, 1))
        low = np.take(feature_map, gap, axis)
        feature_map = low + share * (
            np.take(feature_map, np.minimum(gap + 1, cells - 1), axis) - low
        )
    return feature_map
