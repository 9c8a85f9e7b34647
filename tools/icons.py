"""The icons of the tools, made by `python -m tools.icons`: a soft splat, and what finds it.

Blender's tool icons are triangles, whose format only its own reader describes: the bytes "VCO" 0,
the size (255, 255), two zeros, then three places (x, y from the lower left, a byte each) for each
triangle, then three colors (red, green and blue times alpha, and alpha, a byte each) for each
triangle. Later triangles cover earlier ones and are not blended with them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "ludvig_blender/ui/icons"
HEADER = b"VCO\0" + bytes([255, 255, 0, 0])
SIZE = 255
Place = tuple[float, float]
Color = tuple[int, int, int, int]
Triangle = tuple[Sequence[Place], Sequence[Color]]

WHITE: Color = (238, 238, 238, 255)  # as Blender's own
TEAL = (86, 198, 214)
SECTORS = 24
# In standard deviations. Beyond the last one a splat is all but transparent.
RINGS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.6)


def splat(middle: Place, axes: Place, turn: float) -> list[Triangle]:
    """A Gaussian with these standard deviations, turned by an angle in degrees."""
    found: list[Triangle] = []

    def at(ring: float, sector: int) -> tuple[Place, Color]:
        angle, turned = math.tau * sector / SECTORS, math.radians(turn)
        x, y = ring * axes[0] * math.cos(angle), ring * axes[1] * math.sin(angle)
        place = (
            middle[0] + x * math.cos(turned) - y * math.sin(turned),
            middle[1] + x * math.sin(turned) + y * math.cos(turned),
        )
        alpha = 0.0 if ring == RINGS[-1] else math.exp(-ring * ring / 2)
        red, green, blue, full = (round(alpha * value) for value in (*TEAL, 255))
        return place, (red, green, blue, full)

    for inner, outer in pairwise(RINGS):
        for sector in range(SECTORS):
            corners = [at(inner, sector), at(outer, sector), at(outer, sector + 1)]
            found.append(([place for place, _ in corners], [color for _, color in corners]))
            if inner:
                corners = [at(inner, sector), at(outer, sector + 1), at(inner, sector + 1)]
                found.append(([place for place, _ in corners], [color for _, color in corners]))
    return found


def fan(places: Sequence[Place]) -> list[Triangle]:
    """A white polygon, all of which is seen from its first corner."""
    pairs = pairwise(places[1:])
    return [((places[0], a, b), (WHITE, WHITE, WHITE)) for a, b in pairs]


def line(places: Sequence[Place], width: float) -> list[Triangle]:
    """A white line with round ends and corners."""
    found = []
    for (x, y), (u, v) in pairwise(places):
        long = math.hypot(u - x, v - y)
        across, up = (y - v) * width / long / 2, (u - x) * width / long / 2
        found += fan([(x + across, y + up), (x - across, y - up), (u - across, v - up)])
        found += fan([(x + across, y + up), (u - across, v - up), (u + across, v + up)])
    for x, y in places:
        turns = [math.tau * n / 12 for n in range(12)]
        found += fan([(x + width / 2 * math.cos(t), y + width / 2 * math.sin(t)) for t in turns])
    return found


def click() -> list[Triangle]:
    # An arrow whose tip is at the upper left.
    arrow = fan([(88, 176), (88, 40), (124, 74)]) + fan([(88, 176), (124, 74), (184, 92)])
    return splat((114, 142), (42, 32), 25) + arrow


def scribble() -> list[Triangle]:
    places = [(40 + 9 * n, 92 + 1.6 * n + 40 * math.sin(n * 0.78)) for n in range(21)]
    return splat((128, 128), (47, 34), 15) + line(places, 15)


def box() -> list[Triangle]:
    low, high = 44, 211
    middle, third = (low + high) / 2, 40
    found = splat((128, 128), (44, 32), 30)
    for x, toward in ((low, 1), (high, -1)):
        for y, up in ((low, 1), (high, -1)):
            found += line([(x, y + up * third), (x, y), (x + toward * third, y)], 15)
    for a in (low, high):
        found += line([(a, middle - 18), (a, middle + 18)], 15)
        found += line([(middle - 18, a), (middle + 18, a)], 15)
    return found


def brush() -> list[Triangle]:
    # Two circles that lie on the splat: the brush, and its depth limit.
    turns = [math.tau * n / 28 for n in range(29)]
    found = splat((128, 118), (46, 34), 0)
    for height, width in ((150, 14), (82, 7)):
        places = [(128 + 88 * math.cos(t), height + 36 * math.sin(t)) for t in turns]
        found += line(places, width)
    return found


ICONS = {"click": click, "scribble": scribble, "box": box, "brush": brush}


def packed(triangles: Sequence[Triangle]) -> bytes:
    """The content of an icon's file."""
    places = [round(value) for corners, _ in triangles for place in corners for value in place]
    if places and not 0 <= min(places) <= max(places) <= SIZE:
        raise ValueError(f"An icon reaches from {min(places)} to {max(places)}, beyond 0..{SIZE}.")
    colors = [value for _, corners in triangles for color in corners for value in color]
    return HEADER + bytes(places) + bytes(colors)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, draw in ICONS.items():
        (FOLDER / f"{name}.dat").write_bytes(packed(draw()))


if __name__ == "__main__":
    main()
