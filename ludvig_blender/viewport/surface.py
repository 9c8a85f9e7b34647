"""Where the pixels of a camera touch splats. NumPy only, as the worker does this."""

from __future__ import annotations

import math

import numpy as np

from ..maths import coin
from .screen import Screen, middle, unprojected

# Where the surface around a pixel is looked up for its normal, in parts of the brush's radius.
PROBES = 0.6 * np.array([(0, 1), (1, 0.3), (0.6, -0.8), (-0.6, -0.8), (-1, 0.3)])


def touched(
    texels: np.ndarray, shown: np.ndarray, viewmat: np.ndarray, K: np.ndarray, pixels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What pixels (P, 2) show: points (P, 3) in object space, and their splats' rows (P,).

    Where they show nothing, points are NaN and rows are -1. `texels` (N, 3, 4) are those of
    `cloud.pack`, and `shown` (N,) bool says which splats are visible.
    """
    pixels = np.asarray(pixels, np.float64)
    screen = Screen(texels, viewmat, K, pixels.min(0), pixels.max(0))
    depths, splats = np.full(len(pixels), np.nan), np.full(len(pixels), -1)
    for n, pixel in enumerate(pixels):
        rows, there, weights = screen.under(pixel, ~shown)
        place = middle(weights)
        if place is not None:
            depths[n], splats[n] = there[place], rows[place]
    return unprojected(viewmat, K, pixels, depths), splats


def brushed(
    screen: Screen, hidden: np.ndarray | None, pixel: np.ndarray, radius: float, depth: float
) -> coin.Coin | None:
    """What a brush of `radius` pixels reaches at a pixel (2,); None where there is no splat.

    It reaches `depth` times its radius behind the surface.
    """
    far = screen.depth(pixel, hidden)
    if not math.isfinite(far):
        return None
    center = screen.point(pixel, far)
    large = radius * far / float(np.sqrt(screen.K[0, 0] * screen.K[1, 1]))
    towards = -screen.viewmat[2, :3]
    if math.isinf(depth):  # it reaches through everything along the view
        return coin.Coin(center, towards, large, depth)
    places = pixel + radius * PROBES
    depths = np.array([screen.depth(place, hidden) for place in places])
    # Beyond an edge lies another surface.
    same = np.abs(depths - far) < 1.5 * large
    around = unprojected(screen.viewmat, screen.K, places[same], depths[same])
    return coin.Coin(center, coin.normal(center, around, towards), large, depth * large)


def within(screen: Screen, hidden: np.ndarray | None, reached: coin.Coin) -> np.ndarray:
    """The rows of the splats in what a brush reaches."""
    turn, shift = screen.viewmat[:3, :3], screen.viewmat[:3, 3]
    through = math.isinf(reached.depth)
    center = turn @ reached.center + shift
    slopes = center[:2] / center[2]
    beside = reached.radius / center[2]
    if through:
        corners = np.column_stack([slopes + beside * np.array([[-1], [1]]), np.ones(2)])
    else:
        sides = [reached.ring(side * reached.depth) - reached.center for side in (-1, 1)]
        # A bit larger, because the ring has corners.
        corners = (reached.center + 1.01 * np.concatenate(sides)) @ turn.T + shift
        # Corners beside or behind the eye count as before it, where they can be projected.
        corners[:, 2] = np.maximum(corners[:, 2], corners[:, 2].max() / 10)
    rows, means = screen.near(corners)
    if through:
        seen = means @ turn.T + shift
        rows = rows[np.hypot(*(seen[:, :2] / seen[:, 2:] - slopes).T) <= beside]
    else:
        rows = rows[reached.holds(means)]
    return rows if hidden is None else rows[~hidden[rows]]
