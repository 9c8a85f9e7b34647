"""The color each splat is drawn in, by display mode. NumPy only, as this runs on the worker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..maths import sh
from ..maths.recolor import LUMA
from .cloud import Cloud

# Splats per step, so that harmonics, basis and colors stay in the processor's cache.
CHUNK = 32768


@dataclass(frozen=True)
class Style:
    """How an object is shown. Two styles can be compared, so a change is noticed."""

    mode: str = "COLOR"  # COLOR, SCORE, FEATURES, SEGMENTS
    names: tuple[str, ...] = ()  # the attributes that the mode shows
    sh_degree: int = 4  # the highest degree that is used
    low: float = 0.0  # score at the dark end of the map
    high: float = 1.0  # score at its bright end
    # How much the color of the mode covers the gray value of the splat's own color.
    strength: float = 0.8
    # The color and the threshold for each column of the values.
    segments: tuple[tuple[tuple[float, float, float], float], ...] = ()


def display(cloud: Cloud, style: Style, camera: np.ndarray, *, direction: bool) -> np.ndarray:
    """Colors (N, 4) float32, sRGB; the fourth channel is unused.

    `camera` (3,) is the camera's position in object space or, with `direction`, the direction in
    which an orthographic camera looks.
    """
    count = len(cloud.snapshot)
    out = np.ones((count, 4), np.float32)
    used = cloud.bands[: (min(style.sh_degree, 4) + 1) ** 2 - 1]
    while len(used) not in (0, 3, 8, 15, 24):  # the last degree is still being read
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
    gray = (np.minimum(out[:, :3], 1) @ LUMA.astype(np.float32))[:, None]
    amount = np.ones(count, np.float32)
    if style.mode == "SCORE":
        shown = heat((values - style.low) / max(style.high - style.low, 1e-12))
        amount = np.isfinite(values)
    elif style.mode == "FEATURES":
        shown = np.clip(values[:, :3], 0, 1)
    else:
        shown, amount = segmented(values, style)
        shown *= 0.35 + 0.65 * gray  # keeps shapes recognizable
    out[:, :3] = gray + (shown - gray) * (style.strength * amount[:, None])
    return out


def segmented(values: np.ndarray, style: Style) -> tuple[np.ndarray, np.ndarray]:
    """Colors (N, 3) of the segments, and (N,) 1 where a splat belongs to any, else 0.

    A splat in several segments gets the color of the one whose threshold its score exceeds most.
    """
    thresholds = np.array([threshold for _, threshold in style.segments], np.float32)
    palette = np.array([color for color, _ in style.segments], np.float32)
    margin = values - thresholds
    best = np.argmax(margin, axis=1)
    largest = np.take_along_axis(margin, best[:, None], axis=1)[:, 0]
    return palette[best], (largest > 0).astype(np.float32)


def heat(scores: np.ndarray) -> np.ndarray:
    """Scores 0..1 (N,) as colors (N, 3) of the viridis map.

    Its steps look equally large, also to people who cannot tell red from green.
    """
    places = np.linspace(0, len(_VIRIDIS) - 1, 256)
    table = np.stack(
        [np.interp(places, np.arange(len(_VIRIDIS)), channel) for channel in np.array(_VIRIDIS).T],
        axis=1,
    )
    indices = np.nan_to_num(np.clip(scores, 0, 1) * 255 + 0.5).astype(np.uint8)
    return table.astype(np.float32)[indices]


_VIRIDIS = [
    *((0.267, 0.005, 0.329), (0.283, 0.141, 0.458), (0.254, 0.265, 0.530), (0.207, 0.372, 0.553)),
    *((0.164, 0.471, 0.558), (0.128, 0.567, 0.551), (0.135, 0.659, 0.518), (0.267, 0.749, 0.441)),
    *((0.478, 0.821, 0.318), (0.741, 0.873, 0.150), (0.993, 0.906, 0.144)),
]
