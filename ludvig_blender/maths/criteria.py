"""What splats can be selected by: one number for each splat, its axis, and how often it occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sh import C0
from .transform import CHUNK, reshaped

# Bars of a histogram. More would be thinner than a line at the usual width of the sidebar.
BARS = 24
# Scales of an object that differ by a smaller part are the same.
UNIFORM = 1e-5


def size(scales: np.ndarray, quats: np.ndarray, world: np.ndarray) -> np.ndarray:
    """The longest standard deviation (N,) of each splat in scene units.

    `scales` (N, 3) and `quats` (N, 4) are in the space of an object with the matrix `world` (4, 4).
    """
    linear = np.asarray(world, np.float64)[:3, :3]
    stretches = np.linalg.svd(linear, compute_uv=False)
    if stretches[0] - stretches[2] > UNIFORM * stretches[0]:
        return reshaped(quats, scales, linear)[1].max(axis=1)
    # Column by column, which is ten times as fast as `max` along the short axis.
    longest = np.maximum(np.maximum(scales[:, 0], scales[:, 1]), scales[:, 2])
    return longest * np.float32(stretches.mean())


def color_distance(sh0: np.ndarray, color: np.ndarray) -> np.ndarray:
    """How far (N,) the colors of splats are from a color (3,) in sRGB; black is 1 from white.

    `sh0` (N, 3) are the colors as seen from nowhere, without what depends on the direction.
    """
    distances = np.empty(len(sh0), np.float32)
    for start in range(0, len(sh0), CHUNK):
        rows = slice(start, start + CHUNK)
        squares = np.float32(0)
        for channel, wanted in enumerate(color):
            # As it is shown. Channel by channel, because rows of three are slow.
            shown = np.clip(sh0[rows, channel] * np.float32(C0) + np.float32(0.5), 0, 1)
            shown -= np.float32(wanted)
            squares = squares + shown * shown
        distances[rows] = np.sqrt(squares)
    return distances * np.float32(3**-0.5)


def mean_color(sh0: np.ndarray, opacities: np.ndarray) -> np.ndarray:
    """The mean color (3,) in sRGB, 0..1, of splats (N, 3), by their opacities (N,)."""
    total = max(float(opacities.sum()), 1e-6)
    return np.clip(0.5 + C0 * (opacities @ sh0.astype(np.float64)) / total, 0, 1)


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high`, and where they lie: 0 to 1. It is never empty."""

    low: float
    high: float
    logarithmic: bool = False

    def value(self, place: float) -> float:
        """The value at a place; at 1 exactly the end, and at 0 the least that there may be."""
        if place >= 1:
            return self.high
        if place <= 0:
            return 0.0 if self.logarithmic else self.low
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** place)
        return self.low + place * (self.high - self.low)

    def places(self, values: np.ndarray) -> np.ndarray:
        """Where values (N,) lie; beyond the ends, at the ends."""
        low, high = np.float32(self.low), np.float32(self.high)
        inside = np.clip(values, low, high)
        if self.logarithmic:
            return np.log(inside / low) / np.log(high / low)
        return (inside - low) / (high - low)


def axis(values: np.ndarray, *, logarithmic: bool = False) -> Axis:
    """The axis that holds all finite values (N,): 0 to 1 if that does, else as far as they reach.

    A logarithmic one is for values that are not negative. It begins at the smallest that is
    positive, and 0 lies there too.
    """
    known = values[np.isfinite(values)]
    if logarithmic:
        known = known[known > 0]
        if not len(known):
            return Axis(0.0, 1.0)
        low, high = float(known.min()), float(known.max())
        # If all are alike, they are in its middle.
        return Axis(low, high, True) if high > low else Axis(low / 2, low * 2, True)
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if low >= 0:
        return Axis(0.0, max(high, 1.0))
    return Axis(low, high if high > low else low + 1)


def histogram(values: np.ndarray, along: Axis) -> np.ndarray:
    """How many finite values (N,) fall into each of `BARS` equal parts of an axis."""
    counts = np.zeros(BARS, np.int64)
    for start in range(0, len(values), CHUNK):
        part = values[start : start + CHUNK]
        places = along.places(part[np.isfinite(part)])
        bars = np.minimum((places * np.float32(BARS)).astype(np.intp), BARS - 1)
        counts += np.bincount(bars, minlength=BARS)
    return counts


def within(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Which values (N,) are from `low` to `high`, both included. What is no number never is."""
    return (values >= np.float32(low)) & (values <= np.float32(high))
