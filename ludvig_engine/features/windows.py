"""Sliding windows: run a network on overlapping crops of a photo and average their maps."""

from __future__ import annotations

from itertools import product

import numpy as np

from ..arrays import Array, Float

# Pixels, which are 60 x 60 tokens of DINOv2.
CROP = 840
STRIDE = 200  # pixels between neighboring windows, at most


def starts(length: int, crop: int, stride: int) -> list[int]:
    """Where crops begin along an axis of `length` pixels.

    They are evenly spaced, at most `stride` apart, and the last one ends at the end of the axis.
    """
    rest = length - crop
    if rest <= 0:
        return [0]
    step = -(-rest // -(-rest // stride))
    return [min(start, rest) for start in range(0, rest + step, step)]


def windows(
    height: int, width: int, *, crop: int = CROP, stride: int = STRIDE
) -> list[tuple[slice, slice]]:
    """The square crops (rows, columns) of an image, no larger than its shorter side."""
    crop = min(crop, height, width)
    # A larger stride would leave gaps between the windows of a small photo.
    stride = min(stride, crop)
    return [
        (slice(top, top + crop), slice(left, left + crop))
        for top, left in product(starts(height, crop, stride), starts(width, crop, stride))
    ]


def interpolation(at: Float[Array, " n"], count: int) -> Float[Array, "n count"]:
    """The matrix that interpolates `count` samples linearly at fractional indices `at`.

    Indices beyond the first and last sample are clamped.
    """
    at = np.clip(at, 0, count - 1)
    low = np.minimum(np.floor(at).astype(int), max(count - 2, 0))
    matrix = np.zeros((len(at), count), np.float32)
    rows = np.arange(len(at))
    matrix[rows, low] = 1 - (at - low)
    matrix[rows, np.minimum(low + 1, count - 1)] += at - low
    return matrix


class Average:
    """The mean of the windows' maps on a grid of h x w cells over the whole image.

    Windows need not start at multiples of the token size, so each map is interpolated at the
    centers of the cells.
    """

    def __init__(self, height: int, width: int, grid: tuple[int, int]) -> None:
        self._centers = [
            (np.arange(n) + 0.5) * size / n for n, size in zip(grid, (height, width), strict=True)
        ]
        self._count = np.zeros(grid, np.float32)
        self._sum: Float[Array, "D h w"] | None = None

    def add(self, window: tuple[slice, slice], feature_map: Float[Array, "D a b"]) -> None:
        """Add the map of a window (rows, columns in pixels of the image)."""
        inside, matrices = [], []
        for centers, piece, count in zip(self._centers, window, feature_map.shape[1:], strict=True):
            covered = np.flatnonzero((centers >= piece.start) & (centers < piece.stop))
            at = (centers[covered] - piece.start) / (piece.stop - piece.start) * count - 0.5
            inside.append(slice(covered[0], covered[-1] + 1) if len(covered) else slice(0, 0))
            matrices.append(interpolation(at, count))
        values = matrices[0] @ feature_map @ matrices[1].T
        if self._sum is None:
            self._sum = np.zeros((len(feature_map), *self._count.shape), np.float32)
        self._sum[:, inside[0], inside[1]] += values
        self._count[inside[0], inside[1]] += 1

    def result(self) -> Float[Array, "D h w"]:
        """The mean map; windows must have covered every cell."""
        assert self._sum is not None, "no window was added"
        return self._sum / self._count
