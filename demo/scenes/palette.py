"""Colors by name; the hues of "a" to "h" come from a scene's seed."""

from __future__ import annotations

import colorsys
import random

Color = tuple[float, float, float]  # sRGB, 0..1

NEUTRAL: dict[str, Color] = {
    "white": (0.90, 0.89, 0.85),
    "cream": (0.87, 0.81, 0.68),
    "gray": (0.52, 0.52, 0.51),
    "slate": (0.33, 0.35, 0.38),
    "black": (0.09, 0.09, 0.10),
    "oak": (0.66, 0.47, 0.29),
    "walnut": (0.40, 0.27, 0.18),
    "pine": (0.78, 0.63, 0.42),
    "clay": (0.70, 0.38, 0.25),
    "skin": (0.80, 0.58, 0.46),
    "water": (0.80, 0.90, 0.92),
}
HUES = "abcdefgh"
# The golden ratio: neighbors in the list get hues that are far apart.
STEP = 0.618034


def palette(seed: int) -> dict[str, Color]:
    """All colors of a scene."""
    dice = random.Random(seed)
    start = dice.random()
    colors = dict(NEUTRAL)
    for number, name in enumerate(HUES):
        hue = (start + number * STEP) % 1
        colors[name] = colorsys.hsv_to_rgb(hue, dice.uniform(0.55, 0.85), dice.uniform(0.45, 0.85))
    return colors
