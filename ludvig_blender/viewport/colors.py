"""The colour each splat is drawn in, by display mode. NumPy only: runs on the worker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..maths import sh
from ..maths.recolor import LUMA
from .cloud import Cloud

CHUNK = 32768  # splats per step: harmonics, basis and colours stay in the cache


@dataclass(frozen=True)
class Style:
    """How an object is shown. Comparable, so that a change of it is noticed."""

    mode: str = "COLOR"  # COLOR, SCORE, FEATURES, SEGMENTS
    names: tuple[str, ...] = ()  # the attributes that the mode shows
    sh_degree: int = 4  # at most
    low: float = 0.0  # the scores at the two ends of the heat map
    high: float = 1.0
    strength: float = 0.8  # of the mode's colour over the grey of the splat's own
    segments: tuple[
        tuple[tuple[float, float, float], float], ...
    ] = ()  # colour, threshold, for each column of values


def display(cloud: Cloud, style: Style, camera: np.ndarray, *, direction: bool) -> np.ndarray:
    """Colours (N, 4) float32, sRGB; the fourth is unused.

    `camera` (3,) is where the camera stands in object space, or with `direction` where an orthographic one looks.
    """
    count = len(cloud.snapshot)
    out = np.ones((count, 4), np.float32)
    used = cloud.bands[: (min(style.sh_degree, 4) + 1) ** 2 - 1]
    while len(used) not in (0, 3, 8, 15, 24):  # still being read
        used.pop()
    for start in range(0, count, CHUNK):
        rows = slice(start, start + CHUNK)
        if direction:
            towards = np.broadcast_to(camera.astype(np.float32), (len(out[rows]), 3))
        else:
            towards = cloud.snapshot.means[rows] - camera.astype(np.float32)
        lengths = np.sqrt(np.einsum("nc,nc->n", towards, towards))
        towards = towards / np.maximum(lengths, np.float32(1e-12))[:, None]
        colors = sh.colors(cloud.snapshot.base[rows, :3], [band[rows] for band in used], towards)
        out[rows, :3] = np.maximum(colors, 0)
    values = cloud.snapshot.values
    if style.mode == "COLOR" or values is None:
        return out
    grey = (np.minimum(out[:, :3], 1) @ LUMA.astype(np.float32))[:, None]
    amount = np.ones(count, np.float32)
    if style.mode == "SCORE":
        shown, amount = (
            heat((values - style.low) / max(style.high - style.low, 1e-12)),
            np.isfinite(values),
        )
    elif style.mode == "FEATURES":
        shown = np.clip(values[:, :3], 0, 1)
    else:
        shown, amount = segmented(values, style)
        shown *= 0.35 + 0.65 * grey  # so that forms are still seen
    out[:, :3] = grey + (shown - grey) * (style.strength * amount[:, None])
    return out


def segmented(values: np.ndarray, style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Colours (N, 3) and 0 or 1 (N,): of the segment whose score is farthest above its threshold, if any is."""
    thresholds = np.array([threshold for _, threshold in style.segments], np.float32)
    palette = np.array([color for color, _ in style.segments], np.float32)
    margin = values - thresholds
    best = np.argmax(margin, axis=1)
    return palette[best], (np.take_along_axis(margin, best[:, None], axis=1)[:, 0] > 0).astype(
        np.float32
    )


def heat(scores: np.ndarray) -> np.ndarray:
    """Scores 0..1 (N,) as colours (N, 3): the viridis map, whose steps look equal, without red or green vision too."""
    places = np.linspace(0, len(_VIRIDIS) - 1, 256)
    table = np.stack(
        [np.interp(places, np.arange(len(_VIRIDIS)), channel) for channel in np.array(_VIRIDIS).T],
        axis=1,
    )
    return table.astype(np.float32)[
        np.nan_to_num(np.clip(scores, 0, 1) * 255 + 0.5).astype(np.uint8)
    ]


_VIRIDIS = [(0.267, 0.005, 0.329), (0.283, 0.141, 0.458), (0.254, 0.265, 0.530), (0.207, 0.372, 0.553),
            (0.164, 0.471, 0.558), (0.128, 0.567, 0.551), (0.135, 0.659, 0.518), (0.267, 0.749, 0.441),
            (0.478, 0.821, 0.318), (0.741, 0.873, 0.150), (0.993, 0.906, 0.144)]  # fmt: skip
