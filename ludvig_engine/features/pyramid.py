"""CLIP features of overlapping tiles at several scales, as in LERF.

CLIP embeds a whole image, so every tile is given to it as one. The center of tile i of a scale is
at pixel i * stride, and that is where its vector is placed. Stretching the grid of tiles over the
photo instead, as is often done, misplaces vectors by up to 180 pixels in a photo 728 pixels high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Float
from .windows import interpolation

# Tile size as a share of the photo's height.
RATIOS = tuple(np.linspace(0.05, 0.5, 7))


@dataclass(frozen=True)
class Scale:
    """Square tiles of `tile` pixels, `stride` apart, on a photo padded by half a tile of black."""

    tile: int
    stride: int

    @property
    def pad(self) -> int:
        return self.tile // 2

    def count(self, length: int) -> int:
        """The number of tiles along an axis of `length` pixels."""
        return (length + 2 * self.pad - self.tile) // self.stride + 1

    def index(self, pixels: Float[Array, " n"]) -> Float[Array, " n"]:
        """The fractional tile index at pixel coordinates, which are 0 at the photo's edge."""
        return (pixels - (self.tile / 2 - self.pad)) / self.stride

    def stretched(self, pixels: Float[Array, " n"], count: int, length: int) -> Float[Array, " n"]:
        """The index if the grid, with its last tile doubled, is stretched over `length` pixels.

        This is how LUDVIG's published code misplaces tiles.
        """
        return pixels / length * (count + 1) - 0.5


def scales(height: int, *, ratios: tuple[float, ...] = RATIOS) -> list[Scale]:
    """The scales of a photo of that height in pixels.

    Tiles of 5 % of the height lie side by side, tiles of 15 % and more overlap by half.
    """
    found = []
    for ratio in ratios:
        tile = max(int(ratio * height), 2)
        step = float(np.interp(ratio, (0.05, 0.15), (1.0, 0.5)))
        found.append(Scale(tile, max(int(tile * step), 1)))
    return found


def pyramid(
    image: Any,
    embed: Callable[[Any], Float[Array, "n D"]],
    *,
    ratios: tuple[float, ...] = RATIOS,
    batch: int = 64,
    stretched: bool = False,
) -> Float[Array, "D h w"]:
    """Unit vectors on cells of half the smallest stride.

    A cell's vector is the normalized sum over the scales of the tiles' unit vectors, interpolated.
    `image` is a tensor (1, 3, H, W) with black as 0; `embed` turns (n, 3, tile, tile) into (n, D).
    `stretched` misplaces the tiles as LUDVIG's published code does.
    """
    height, width = image.shape[2:]
    levels = scales(height, ratios=ratios)
    cell = max(levels[0].stride // 2, 1)
    centers = [
        (np.arange(max(side // cell, 1)) + 0.5) * side / max(side // cell, 1)
        for side in (height, width)
    ]
    total: Any = 0
    for level in levels:
        padded = image.new_zeros(1, 3, height + 2 * level.pad, width + 2 * level.pad)
        padded[:, :, level.pad : level.pad + height, level.pad : level.pad + width] = image
        tiles = padded[0].unfold(1, level.tile, level.stride).unfold(2, level.tile, level.stride)
        tiles = tiles.permute(1, 2, 0, 3, 4)
        grid = tiles.shape[:2]
        flat = [embed(_take(tiles, start, batch)) for start in range(0, grid[0] * grid[1], batch)]
        vectors = unit_vectors(np.concatenate(flat)).reshape(*grid, -1)
        places = [
            level.stretched(at, n, side) if stretched else level.index(at)
            for at, n, side in zip(centers, grid, (height, width), strict=True)
        ]
        rows, columns = (interpolation(at, n) for at, n in zip(places, grid, strict=True))
        total = total + np.einsum("ya,abd,xb->dyx", rows, vectors, columns, optimize=True)
    return np.ascontiguousarray(unit_vectors(total, axis=0), np.float32)


def unit_vectors(x: Float[Array, "..."], axis: int = -1) -> Float[Array, "..."]:
    """Scale vectors along `axis` to length one; a zero vector stays zero."""
    return x / np.maximum(np.linalg.norm(x, axis=axis, keepdims=True), 1e-12)


def _take(tiles: Any, start: int, count: int) -> Any:
    """Copy `count` tiles, row by row from number `start`, out of the view that all share."""
    stop = min(start + count, tiles.shape[0] * tiles.shape[1])
    rows, columns = np.divmod(np.arange(start, stop), tiles.shape[1])
    return tiles[rows, columns]
