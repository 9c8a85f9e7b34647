"""Floors, walls and rooms, which are objects or surroundings, and the light."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import bpy
from arrangements import lamp
from materials import Color, material, tree_of
from shapes import box


def ground(
    color: Color,
    other: Color,
    *,
    size: tuple[float, float] = (28, 28),
    pattern: str = "planks",
    scale: float = 2.0,
) -> None:
    """A floor whose upper side is at z = 0."""
    stuff = material(color, other, pattern=pattern, scale=scale, roughness=0.8)
    box((*size, 0.2), (0, 0, -0.1), bevel=0, material=stuff)


def wall(
    color: Color,
    other: Color,
    *,
    length: float = 28.0,
    height: float = 14.0,
    pattern: str = "mottled",
    scale: float = 3.0,
) -> None:
    """A wall along x that faces -y, with its surface at y = 0."""
    stuff = material(color, other, pattern=pattern, scale=scale, roughness=0.9)
    made = box((length, 0.3, height), (0, 0.15, height / 2), bevel=0, material=stuff)
    made.visible_shadow = False


def picture(color: Color, other: Color, *, size: tuple[float, float] = (3, 2.2)) -> None:
    """A framed painting that faces -y, with its back at y = 0."""
    width, height = size
    frame = material((0.16, 0.13, 0.11), roughness=0.4)
    box((width, 0.2, height), (0, -0.1, height / 2), material=frame)
    canvas = material(color, other, scale=0.9, roughness=0.8)
    box((width - 0.4, 0.1, height - 0.4), (0, -0.18, height / 2), bevel=0.01, material=canvas)


def room(
    color: Color, other: Color, *, side: float = 28.0, height: float = 14.0, drop: float = 0.0
) -> None:
    """A floor and four walls with pictures, and no ceiling; the floor is at z = -drop."""
    middle, top = -drop - 0.1, height - drop
    boards = material((0.62, 0.50, 0.38), (0.46, 0.34, 0.24), pattern="planks", scale=2.2)
    box((side, side, 0.2), (0, 0, middle), bevel=0, material=boards)
    paint = material(color, tuple(0.92 * c for c in color), scale=4, roughness=0.9)
    canvas = material(color, other, scale=2.5, roughness=0.8)
    for quarter in range(4):
        turn = quarter * math.pi / 2
        x, y = -math.sin(turn), math.cos(turn)
        at = (x * side / 2, y * side / 2, top - height / 2)
        made = box((side, 0.2, height), at, turn=(0, 0, turn), bevel=0, material=paint)
        made.visible_shadow = False  # the sun shines in from everywhere
        for along in (-6.0, 5.0):
            at = (x * (side / 2 - 0.2) + y * along, y * (side / 2 - 0.2) - x * along, top - 7.5)
            box((6, 0.3, 4), at, turn=(0, 0, turn), material=canvas)


def light(kind: str) -> None:
    """Light the scene: "soft" comes from everywhere, "sun" throws strong shadows."""
    sky = bpy.data.worlds.new("sky")
    tree_of(sky).nodes["Background"].inputs["Strength"].default_value = SKIES[kind]
    # How far surfaces are looked for that keep off the sky's light, in decimeters.
    sky.light_settings.distance = 5.0
    bpy.context.scene.world = sky
    if kind == "soft":
        lamp("window", (-9.0, -11.0, 16.0), "AREA", 3000, size=12.0)
    else:
        lamp("sun", (8.0, -7.0, 13.0), "SUN", 4.0, angle=math.radians(1.5))


# Strength of the ambient light, which is of a dark gray.
SKIES = {"soft": 14.0, "sun": 6.0}
KINDS: dict[str, Callable[..., Any]] = {
    "ground": ground,
    "picture": picture,
    "room": room,
    "wall": wall,
}
