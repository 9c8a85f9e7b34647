"""The kinds of pieces: functions of two colors, and of parameters that recipes give by name.

Each builds one thing around the origin, with its foot at z = 0. Those that demo/things.py has are
used as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import models
import surroundings
import things
from materials import Color, material
from shapes import ball, box, lathe, tube


def darker(color: Color, share: float = 0.84) -> Color:
    red, green, blue = (share * c for c in color)
    return red, green, blue


def painted(color: Color, other: Color, pattern: str, scale: float) -> Any:
    """Two colors in a pattern, or if it is "", two tones of the first color."""
    second = other if pattern else darker(color)
    return material(color, second, pattern=pattern or "mottled", scale=scale, roughness=0.6)


def sphere(
    color: Color, other: Color, *, radius: float = 1.0, pattern: str = "", scale: float = 0.6
) -> None:
    ball(radius, (0, 0, radius), material=painted(color, other, pattern, scale))


def ring(color: Color, other: Color, *, radius: float = 1.1, thick: float = 0.28) -> None:
    angles = [2 * math.pi * k / 16 for k in range(17)]
    profile = [(radius + thick * math.cos(a), thick * (1 + math.sin(a))) for a in angles]
    lathe(profile, material=material(color, darker(color), scale=0.5, roughness=0.4))


def plate(color: Color, other: Color, *, radius: float = 1.3) -> None:
    profile = ((0, 0), (0.6, 0), (0.95, 0.14), (1, 0.2), (0.96, 0.22), (0.6, 0.08), (0, 0.08))
    glaze = material(color, darker(color, 0.92), scale=0.5, roughness=0.25)
    lathe([(r * radius, z) for r, z in profile], material=glaze)


def drum(
    color: Color,
    other: Color,
    *,
    radius: float = 0.8,
    height: float = 1.6,
    pattern: str = "",
    scale: float = 0.5,
) -> None:
    paint = painted(color, other, pattern, scale)
    edge = 0.06
    lathe(
        [
            (0, 0),
            (radius - edge, 0),
            (radius, edge),
            (radius, height - edge),
            (radius - edge, height),
            (0, height),
        ],
        sharp=True,
        material=paint,
    )


def block(
    color: Color,
    other: Color,
    *,
    size: tuple[float, float, float] = (1, 1, 1),
    pattern: str = "",
    scale: float = 0.5,
    bevel: float = 0.05,
) -> None:
    paint = painted(color, other, pattern, scale)
    box(size, (0, 0, size[2] / 2), bevel=bevel, material=paint)


def crate(color: Color, other: Color, *, size: tuple[float, float, float] = (2, 2, 1.6)) -> None:
    """Boards around a dark inside; all crates of a color are of the same wood."""
    wood = material(color, darker(color, 0.78), pattern="wood", scale=0.4, roughness=0.7)
    x, y, z = size
    dark = material(darker(color, 0.35), scale=0.5, roughness=0.9)
    box((x - 0.3, y - 0.3, z - 0.1), (0, 0, z / 2), material=dark)
    board = z / 3 - 0.08
    for k in range(3):
        height = (k + 0.5) * z / 3
        for side in (-1, 1):
            box((x, 0.12, board), (0, side * (y / 2 - 0.06), height), bevel=0.02, material=wood)
            box((0.12, y, board), (side * (x / 2 - 0.06), 0, height), bevel=0.02, material=wood)
        along = (k - 1) * y / 3
        box((x - 0.2, y / 3 - 0.08, 0.1), (0, along, z - 0.05), bevel=0.02, material=wood)


def cable(
    color: Color, other: Color, *, path: Sequence[tuple[float, float]], thick: float = 0.11
) -> None:
    """A cable that lies on the ground along a path of x, y."""
    points = [(x, y, thick) for x, y in path]
    tube(points, [thick] * len(points), material=material(color, darker(color), roughness=0.5))


def ladder(
    color: Color, other: Color, *, height: float = 6.0, lean: float = 1.5, thick: float = 0.13
) -> None:
    """Rails and rungs; its top leans by `lean` towards +y."""
    wood = material(color, darker(color), pattern="wood", scale=0.4)
    for x in (-0.65, 0.65):
        rail = [(x, lean * t, height * t) for t in (0, 0.5, 1)]
        tube(rail, [thick] * 3, material=wood)
    count = int(height / 0.9)
    for k in range(1, count + 1):
        t = k / (count + 0.6)
        ends = [(x, lean * t, height * t) for x in (-0.65, 0, 0.65)]
        tube(ends, [0.8 * thick] * 3, material=wood)


def fence(color: Color, other: Color, *, length: float = 6.0, height: float = 2.2) -> None:
    """Pickets along x with gaps between them."""
    paint = material(color, darker(color, 0.9), scale=0.6, roughness=0.7)
    for z in (0.3 * height, 0.75 * height):
        box((length, 0.1, 0.18), (0, 0.1, z), bevel=0.02, material=paint)
    count = int(length / 0.75)
    for k in range(count):
        x = (k + 0.5) * length / count - length / 2
        box((0.26, 0.1, height), (x, 0, height / 2), bevel=0.03, material=paint)


def tumbler(color: Color, other: Color, *, radius: float = 0.6, height: float = 1.6) -> None:
    glass = material(color, darker(color, 0.95), roughness=0.05, clear=0.95)
    inner = radius - 0.05
    lathe(
        [
            (0, 0),
            (0.85 * radius, 0),
            (radius, height),
            (inner, height),
            (0.85 * inner, 0.15),
            (0, 0.15),
        ],
        sharp=True,
        material=glass,
    )


def carafe(color: Color, other: Color, *, filled: float = 0.0) -> None:
    """A bellied bottle of glass; up to the height `filled` it holds a drink of the other color."""
    shape = ((0, 0), (0.8, 0), (0.95, 0.5), (0.9, 1.2), (0.35, 2.1), (0.3, 2.8), (0.42, 3.1))
    lathe(shape, sharp=True, material=material(color, darker(color), roughness=0.05, clear=0.95))
    if filled:
        drink = material(other, darker(other), scale=0.6, roughness=0.2)
        lathe(
            [(0, 0.1), (0.74, 0.1), (0.86, 0.5), (0.82, filled), (0, filled)],
            sharp=True,
            material=drink,
        )


def fruit(color: Color, other: Color, *, radius: float = 0.7) -> None:
    """A ball with a stalk, and with a sticker that faces +x and up."""
    peel = material(color, darker(color), pattern="dots", scale=0.12, roughness=0.4)
    ball(radius, (0, 0, 0.93 * radius), squash=0.93, material=peel)
    ball(0.1 * radius, (0, 0, 1.86 * radius), material=material((0.25, 0.3, 0.12)))
    place = (0.5 * radius, 0, 1.15 * radius)
    ball(0.5 * radius, place, material=material(other, roughness=0.3))


def straw(color: Color, other: Color) -> None:
    paint = material(color, other, pattern="stripes", scale=0.4)
    tube([(0, 0, 0.2), (0.2, 0, 1.6), (0.4, 0, 3.0)], [0.16] * 3, material=paint)


KINDS: dict[str, Callable[..., Any]] = {
    "ball": sphere,
    "block": block,
    "books": lambda color, other: things.books(color, darker(other)),
    "bottle": lambda color, other: things.bottle(color),
    "bowl": lambda color, other: things.bowl(color, other),
    "cable": cable,
    "cactus": lambda color, other: things.cactus(),
    "candle": lambda color, other: things.candle(color),
    "car": lambda color, other: things.car(color),
    "carafe": carafe,
    "chair": lambda color, other: things.chair(),
    "crate": crate,
    "cup": lambda color, other: things.mug(color, other),
    "drum": drum,
    "fence": fence,
    "fruit": fruit,
    "ladder": ladder,
    "lamp": lambda color, other: things.lamp(color),
    "monkey": lambda color, other: things.suzanne(color),
    "oranges": lambda color, other: things.oranges(color),
    "plant": lambda color, other: things.plant(color),
    "plate": plate,
    "ring": ring,
    "stool": lambda color, other: things.stool(),
    "straw": straw,
    "teapot": lambda color, other: things.teapot(color),
    "tumbler": tumbler,
    "vase": lambda color, other: things.vase(color, other),
    **models.KINDS,
    **surroundings.KINDS,
}
# These let light through.
GLASS = ("tumbler", "carafe")
