"""CLIP features of overlapping tiles at several scales, as in LERF, each where it was seen.

CLIP describes a whole image, so every tile is one. Tile i of a scale is centred on pixel i * stride, and that is where
its vector is put: stretching the grid of tiles over the photo instead, as is often done, misplaces them by up to 180
pixels of 728.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Array, Float
from .windows import interpolation

RATIOS = tuple(np.linspace(0.05, 0.5, 7))  # tile size by the photo's height


@dataclass(frozen=True)
class Scale:
    """Square tiles of `tile` pixels, `stride` apart, over a photo padded with black by half a tile."""

    tile: int
    stride: int

    @property
    def pad(self) -> int:
        return self.tile // 2

    def count(self, length: int) -> int:
        """Tiles along an axis of that many pixels."""
        return (length + 2 * self.pad - self.tile) // self.stride + 1

    def index(self, pixels: Float[Array, " n"]) -> Float[Array, " n"]:
        """Where between the tiles a pixel coordinate lies; the upper left corner of the photo is 0."""
        return (pixels - (self.tile / 2 - self.pad)) / self.stride

    def stretched(self, pixels: Float[Array, " n"], count: int, length: int) -> Float[Array, " n"]:
        """The same if the grid of tiles, its last one doubled, is stretched over an axis of `length` pixels."""
        return pixels / length * (count + 1) - 0.5


def scales(height: int, *, ratios: tuple[float, ...] = RATIOS) -> list[Scale]:
    """The tiles of a photo: small ones side by side, those of 15 % of the height and more overlapping by half."""
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
    """Unit vectors on cells of half the smallest stride: the sum over scales of the tiles' unit vectors.

    `image` is a (1, 3, H, W) tensor of colours, 0 where black; `embed` takes (n, 3, tile, tile) of them. `stretched`
    misplaces the tiles as the published code of LUDVIG does.
    """
    height, width = image.shape[2:]
    levels = scales(height, ratios=ratios)
    cell = max(levels[0].stride // 2, 1)
    centres = [
        (np.arange(max(side // cell, 1)) + 0.5) * side / max(side // cell, 1)
        for side in (height, width)
    ]
    total: Any = 0
    for level in levels:
        padded = image.new_zeros(1, 3, height + 2 * level.pad, width + 2 * level.pad)
        padded[:, :, level.pad : level.pad + height, level.pad : level.pad + width] = image
        tiles = (
            padded[0]
            .unfold(1, level.tile, level.stride)
            .unfold(2, level.tile, level.stride)
            .permute(1, 2, 0, 3, 4)
        )
        grid = tiles.shape[:2]
        flat = [embed(_take(tiles, start, batch)) for start in range(0, grid[0] * grid[1], batch)]
        vectors = unit(np.concatenate(flat)).reshape(*grid, -1)
        places = [
            level.stretched(at, n, side) if stretched else level.index(at)
            for at, n, side in zip(centres, grid, (height, width), strict=True)
        ]
        rows, columns = (interpolation(at, n) for at, n in zip(places, grid, strict=True))
        total = total + np.einsum("ya,abd,xb->dyx", rows, vectors, columns, optimize=True)
    return np.ascontiguousarray(unit(total, axis=0), np.float32)


def unit(x: Float[Array, "..."], axis: int = -1) -> Float[Array, "..."]:
    """Vectors of length one; zero stays zero."""
    return x / np.maximum(np.linalg.norm(x, axis=axis, keepdims=True), 1e-12)


def _take(tiles: Any, start: int, count: int) -> Any:
    """`count` of a grid of tiles, row by row, copied out of the view they share."""
    rows, columns = np.divmod(
        np.arange(start, min(start + count, tiles.shape[0] * tiles.shape[1])), tiles.shape[1]
    )
    return tiles[rows, columns]
