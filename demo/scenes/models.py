"""Kinds of pieces with several parts and colors, each of which is one object."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from materials import Color, material
from shapes import ball, box, lathe, tube

DARK: Color = (0.12, 0.12, 0.13)
STEEL: Color = (0.45, 0.46, 0.48)
SKIN: Color = (0.80, 0.58, 0.46)


def bust(color: Color, other: Color) -> None:
    """A head with hair, a bare neck and shoulders in a shirt, on a foot of the other color."""
    skin = material(SKIN, (0.74, 0.50, 0.38), scale=0.5, roughness=0.5)
    hair = material((0.20, 0.13, 0.09), (0.13, 0.08, 0.06), scale=0.2, roughness=0.7)
    shirt = material(color, tuple(0.85 * c for c in color), scale=0.4, roughness=0.8)
    stone = material(other, tuple(0.9 * c for c in other), scale=0.3, roughness=0.6)
    lathe([(0, 0), (0.8, 0), (0.75, 0.15), (0.5, 0.3), (0.45, 0.6), (0, 0.6)], material=stone)
    body = ball(1.0, (0, 0, 1.15), squash=0.62, material=shirt)
    body.scale = (1.25, 0.75, 1)
    tube([(0, 0, 1.5), (0, 0, 1.9), (0, 0, 2.3)], [0.36, 0.33, 0.34], material=skin)
    ball(0.62, (0, 0, 2.75), squash=1.2, material=skin)
    ball(0.63, (0, 0.1, 2.88), squash=1.12, material=hair)
    ball(0.13, (0, -0.63, 2.7), squash=1.4, material=skin)
    for x in (-0.22, 0.22):
        ball(0.08, (x, -0.56, 2.85), material=material(DARK, roughness=0.2))


def excavator(color: Color, other: Color) -> None:
    """Tracks, a body, a cab of the other color with dark windows, an arm and a shovel."""
    paint = material(color, tuple(0.88 * c for c in color), scale=0.6, roughness=0.4)
    cab = material(other, tuple(0.9 * c for c in other), scale=0.6, roughness=0.4)
    rubber = material(DARK, (0.2, 0.2, 0.2), pattern="stripes", scale=0.2, roughness=0.9)
    steel = material(STEEL, (0.36, 0.37, 0.39), scale=0.3, roughness=0.35)
    for y in (-0.75, 0.75):
        box((2.8, 0.5, 0.7), (0, y, 0.36), bevel=0.3, material=rubber)
    lathe([(0, 0.6), (0.6, 0.6), (0.6, 0.85), (0, 0.85)], sharp=True, material=steel)
    box((2.2, 1.7, 0.7), (-0.3, 0, 1.2), bevel=0.1, material=paint)
    box((1.0, 0.8, 1.1), (0.2, -0.42, 2.05), bevel=0.08, material=cab)
    box((1.04, 0.6, 0.5), (0.2, -0.42, 2.2), bevel=0.03, material=material(DARK, roughness=0.1))
    boom = [(0.7, 0.35, 1.4), (1.4, 0.35, 2.6), (2.3, 0.35, 3.0), (3.1, 0.35, 2.5)]
    tube(boom, [0.2, 0.22, 0.2, 0.17], material=paint)
    tube([(3.1, 0.35, 2.5), (3.2, 0.35, 1.7), (3.1, 0.35, 1.0)], [0.16] * 3, material=paint)
    box((0.8, 1.1, 0.7), (3.0, 0.35, 0.62), turn=(0, 0.5, 0), bevel=0.12, material=steel)


def robot(color: Color, other: Color) -> None:
    """A head, a trunk with a panel, arms and legs, in four colors."""
    paint = material(color, tuple(0.88 * c for c in color), scale=0.5, roughness=0.35)
    second = material(other, tuple(0.88 * c for c in other), scale=0.5, roughness=0.35)
    steel = material(STEEL, roughness=0.3)
    for x in (-0.4, 0.4):
        box((0.55, 0.9, 0.3), (x, -0.1, 0.15), bevel=0.1, material=second)
        tube([(x, 0, 0.2), (x, 0, 0.7), (x, 0, 1.1)], [0.2] * 3, material=steel)
    box((1.6, 1.0, 1.5), (0, 0, 1.8), bevel=0.12, material=paint)
    box((0.9, 0.1, 0.6), (0, -0.5, 1.95), bevel=0.03, material=material(DARK, roughness=0.2))
    for x, up in ((-1, 1), (1, -1)):
        arm = [(0.8 * x, 0, 2.3), (1.25 * x, -0.1, 2.2 + 0.3 * up), (1.5 * x, -0.3, 2 + 0.8 * up)]
        tube(arm, [0.17] * 3, material=steel)
        ball(0.28, arm[-1], material=second)
    tube([(0, 0, 2.5), (0, 0, 2.7), (0, 0, 2.85)], [0.25] * 3, material=steel)
    box((1.1, 0.9, 0.85), (0, 0, 3.25), bevel=0.15, material=second)
    for x in (-0.25, 0.25):
        ball(0.15, (x, -0.46, 3.35), material=material((0.95, 0.9, 0.6), glow=0.3))


def sofa(color: Color, other: Color, *, length: float = 6.0) -> None:
    """Seat, back and arms of one cloth on feet of wood; it faces -y."""
    cloth = material(color, tuple(0.88 * c for c in color), scale=0.3, roughness=0.9)
    wood = material(other, tuple(0.8 * c for c in other), pattern="wood", scale=0.4)
    box((length, 2.6, 1.0), (0, 0, 0.9), bevel=0.2, material=cloth)
    box((length, 0.7, 2.4), (0, 1.1, 1.9), bevel=0.25, material=cloth)
    for side in (-1, 1):
        box((0.7, 2.6, 1.9), (side * (length / 2 - 0.2), 0, 1.3), bevel=0.25, material=cloth)
        for y in (-1.0, 1.0):
            box((0.3, 0.3, 0.5), (side * (length / 2 - 0.5), y, 0.25), material=wood)


def cushion(
    color: Color, other: Color, *, pattern: str = "stripes", scale: float = 0.5, lean: float = 0.3
) -> None:
    """A thick square that stands on its edge and leans towards +y."""
    cloth = material(color, other, pattern=pattern, scale=scale, roughness=0.9)
    box((1.7, 0.6, 1.7), (0, 0, 0.85), turn=(-lean, 0, 0), bevel=0.28, material=cloth)


def table(
    color: Color,
    other: Color,
    *,
    size: tuple[float, float] = (4, 3),
    height: float = 2.5,
    thick: float = 0.3,
    leg: float = 0.3,
) -> None:
    """A top on four legs; the height is that of the top's upper side."""
    wood = material(color, other, pattern="wood", scale=0.8, roughness=0.75)
    x, y = size
    box((x, y, thick), (0, 0, height - thick / 2), material=wood)
    for side in (-1, 1):
        for end in (-1, 1):
            at = (side * (x / 2 - leg), end * (y / 2 - leg), (height - thick) / 2)
            box((leg, leg, height - thick), at, material=wood)


def shelf(color: Color, other: Color, *, width: float = 4.0, levels: int = 3) -> None:
    """Sides and boards without a back; boards are 1.8 apart, and it faces -y."""
    wood = material(color, other, pattern="wood", scale=0.6, roughness=0.5)
    height = 1.8 * levels
    for x in (-width / 2, width / 2):
        box((0.18, 1.6, height + 0.2), (x, 0, height / 2 + 0.1), material=wood)
    for level in range(levels + 1):
        box((width, 1.6, 0.18), (0, 0, 0.12 + 1.8 * level), material=wood)


def floor_lamp(color: Color, other: Color) -> None:
    """A thin pole on a foot, with a shade of the first color."""
    steel = material(DARK, roughness=0.4)
    lathe([(0, 0), (0.9, 0), (0.9, 0.12), (0.1, 0.22), (0, 0.22)], sharp=True, material=steel)
    tube([(0, 0, 0.1), (0, 0, 2.5), (0, 0, 5.0)], [0.11] * 3, material=steel)
    cloth = material(color, tuple(0.9 * c for c in color), scale=0.3, roughness=0.9, glow=0.3)
    lathe([(1.2, 4.3), (0.7, 5.9), (0, 5.9)], sharp=True, material=cloth)


def tripod(color: Color, other: Color) -> None:
    """Three thin legs that carry a round board of the other color."""
    wood = material(color, tuple(0.85 * c for c in color), pattern="wood", scale=0.4)
    for k in range(3):
        turn = 2 * math.pi * k / 3
        x, y = math.cos(turn), math.sin(turn)
        leg = [(1.1 * x, 1.1 * y, 0.1), (0.6 * x, 0.6 * y, 1.5), (0.15 * x, 0.15 * y, 2.9)]
        tube(leg, [0.12] * 3, material=wood)
    board = [(0, 2.85), (1.0, 2.85), (1.0, 3.05), (0, 3.05)]
    lathe(board, sharp=True, material=material(other, scale=0.5))


KINDS: dict[str, Callable[..., Any]] = {
    "bust": bust,
    "cushion": cushion,
    "excavator": excavator,
    "floor lamp": floor_lamp,
    "robot": robot,
    "shelf": shelf,
    "sofa": sofa,
    "table": table,
    "tripod": tripod,
}
