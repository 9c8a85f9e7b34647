"""The arrangements: which things stand where, on which table, in which room and light.

Arrangement 0 is the scene that is shipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import things
from materials import Color, material, tree_of
from shapes import box, lathe
from things import CREAM, DARK_OAK, OAK

# The room has no ceiling. All lengths are in scene units of a decimeter.
FLOOR = -7.4  # height of the floor
WALL = 19.0  # distance of the walls from the center
TOP = 18.0  # height of the walls' upper edge
WAINSCOT: Color = (0.74, 0.72, 0.67)
# Each painting has two colors.
PAINTINGS: Sequence[tuple[Color, Color]] = (
    ((0.72, 0.78, 0.80), (0.40, 0.52, 0.50)),
    ((0.85, 0.72, 0.52), (0.60, 0.36, 0.28)),
    ((0.66, 0.70, 0.55), (0.34, 0.42, 0.34)),
    ((0.82, 0.78, 0.70), (0.30, 0.36, 0.46)),
    ((0.80, 0.66, 0.60), (0.50, 0.48, 0.56)),
)


@dataclass(frozen=True)
class Thing:
    """A thing and its place on the table."""

    # Things of the same name are one object, such as a bowl with oranges in it.
    name: str
    build: Callable[[], None]
    # The position of its foot; the top of the table is at z = 0.
    at: tuple[float, float, float]
    turn: float = 0.0  # degrees about the vertical
    size: float = 1.0


@dataclass(frozen=True)
class Arrangement:
    """Things on a table, and the colors and lights around them."""

    things: Sequence[Thing]
    wall: Color
    cloth: Color
    cloth_other: Color
    sun: tuple[float, float, float]  # color of the window's light
    sky: float  # strength of the ambient light
    round_table: bool = True

    @property
    def names(self) -> list[str]:
        """The names of the objects, each once."""
        return list(dict.fromkeys(thing.name for thing in self.things))


ARRANGEMENTS = (
    Arrangement(
        things=(
            Thing("chair", things.chair, (-0.7, 2.1, 0), 25),
            Thing("vase", things.vase, (-2.7, 0.2, 0), 0, 0.85),
            Thing("books", things.books, (2.4, 1.2, 0), 20),
            Thing("monkey", things.suzanne, (2.4, 1.2, 1.29), 50),
            Thing("bowl", things.bowl, (0.5, -1.3, 0)),
            Thing("bowl", things.oranges, (0.5, -1.3, 0), 40),
            Thing("mug", things.mug, (2.9, -1.4, 0), -30),
            Thing("plant", things.plant, (-1.8, -2.3, 0), 0, 0.9),
        ),
        wall=(0.80, 0.77, 0.70),
        cloth=CREAM,
        cloth_other=(0.58, 0.62, 0.60),
        sun=(1.0, 0.93, 0.82),
        sky=2.2,
    ),
    Arrangement(
        things=(
            Thing("teapot", things.teapot, (0.3, -1.6, 0), 200),
            Thing("bottle", things.bottle, (-2.2, 1.5, 0)),
            Thing("cactus", things.cactus, (2.4, 1.5, 0), 70),
            Thing("car", things.car, (-2.3, -1.4, 0), 60),
            Thing("ball", things.balls, (0.1, 1.9, 0), 0, 1.1),
            Thing("candle", things.candle, (2.9, -1.0, 0)),
            Thing("mug", lambda: things.mug((0.60, 0.15, 0.13)), (1.9, -2.9, 0), 120),
        ),
        wall=(0.56, 0.63, 0.68),
        cloth=(0.75, 0.74, 0.70),
        cloth_other=(0.70, 0.30, 0.27),
        sun=(0.85, 0.92, 1.0),
        sky=2.6,
        round_table=False,
    ),
    Arrangement(
        things=(
            Thing("lamp", things.lamp, (-0.2, 1.9, 0)),
            Thing("stool", things.stool, (-2.6, -0.2, 0), 15),
            Thing("monkey", lambda: things.suzanne((0.62, 0.45, 0.30)), (-2.6, -0.2, 2.0), -60),
            Thing(
                "books",
                lambda: things.books((0.20, 0.32, 0.30), (0.28, 0.38, 0.30)),
                (2.6, 0.6, 0),
                -35,
            ),
            Thing(
                "vase",
                lambda: things.vase((0.20, 0.32, 0.34), (0.55, 0.62, 0.52)),
                (2.4, 0.8, 1.29),
                0,
                0.6,
            ),
            Thing("apples", lambda: things.oranges((0.66, 0.14, 0.12)), (0.3, -1.7, -0.3), 10),
            Thing("plant", lambda: things.plant((0.86, 0.84, 0.78), 8), (-1.6, -2.9, 0), 0, 0.85),
        ),
        wall=(0.42, 0.30, 0.27),
        cloth=(0.33, 0.42, 0.36),
        cloth_other=(0.62, 0.60, 0.48),
        sun=(1.0, 0.80, 0.60),
        sky=1.2,
    ),
)


def arrange(arrangement: Arrangement) -> None:
    """Build an arrangement in the empty scene.

    Meshes of the k-th name, counted from 0, get the object index k + 1, and all others 0.
    """
    place(arrangement.things, arrangement.names)
    _table(arrangement)
    _room(arrangement)
    _light(arrangement)


def place(things: Sequence[Thing], names: Sequence[str]) -> None:
    """Build things, with object indices by the order of `names`, or 0 where the name is not there.

    Indices count from 1.
    """
    for thing in things:
        number = names.index(thing.name) + 1 if thing.name in names else 0
        before = set(bpy.data.objects)
        thing.build()
        holder = bpy.data.objects.new(thing.name, None)
        holder.location, holder.scale = thing.at, (thing.size,) * 3
        holder.rotation_euler = (0, 0, math.radians(thing.turn))
        bpy.context.scene.collection.objects.link(holder)
        for part in set(bpy.data.objects) - before - {holder}:
            part.parent, part.pass_index = holder, number


def _table(arrangement: Arrangement) -> None:
    wood = material(OAK, DARK_OAK, pattern="wood", scale=0.9, roughness=0.35)
    cloth = material(
        arrangement.cloth, arrangement.cloth_other, pattern="checks", scale=1.1, roughness=0.9
    )
    if arrangement.round_table:
        top = [(0, 0), (5.2, 0), (5.3, -0.1), (5.3, -0.4), (5.2, -0.5), (0, -0.5)]
        lathe(top, (0, 0, -0.03), sharp=True, material=wood)
        lathe([(0, 0), (4.2, 0), (4.2, -0.03), (0, -0.03)], sharp=True, material=cloth)
    else:
        box((10.4, 9.4, 0.5), (0, 0, -0.28), material=wood)
        box((8.6, 7.6, 0.03), (0, 0, -0.015), bevel=0.005, material=cloth)
    leg = [(0, 0), (2.6, 0), (2.5, 0.3), (0.5, 0.9), (0.5, 6.6), (1.2, 7.0)]
    lathe(leg, (0, 0, FLOOR), material=wood)


def _room(arrangement: Arrangement) -> None:
    boards = material(
        (0.66, 0.52, 0.38), (0.48, 0.35, 0.24), pattern="planks", scale=2.2, roughness=0.5
    )
    paint = material(
        arrangement.wall, tuple(0.93 * c for c in arrangement.wall), scale=4, roughness=0.9
    )
    panel = material(WAINSCOT, tuple(0.95 * c for c in WAINSCOT), scale=3, roughness=0.6)
    side = 2 * WALL
    box((side, side, 0.2), (0, 0, FLOOR - 0.1), bevel=0, material=boards)
    middle, height = (FLOOR + TOP) / 2, TOP - FLOOR
    for quarter in range(4):
        turn = quarter * math.pi / 2
        c, s = math.cos(turn), math.sin(turn)

        def on_wall(
            size: Any,
            along: float,
            z: float,
            stuff: Any,
            c: float = c,
            s: float = s,
            turn: float = turn,
        ) -> None:
            off = WALL - size[1] / 2
            at = along * c - off * s, along * s + off * c, z
            box(size, at, turn=(0, 0, turn), bevel=0.03, material=stuff)

        on_wall((side, 0.1, height), 0, middle, paint)
        on_wall((side, 0.3, 5.0), 0, FLOOR + 2.5, panel)
        on_wall((side, 0.6, 0.4), 0, FLOOR + 5.1, panel)
        frame = material((0.16, 0.13, 0.11), roughness=0.4)
        for along, width in ((-8.5, 7.0), (5.5, 9.0)):
            sky, land = PAINTINGS[(2 * quarter + (along > 0)) % len(PAINTINGS)]
            canvas = material(sky, land, scale=3.5, roughness=0.8)
            on_wall((width, 0.4, 6.4), along, 5.6, frame)
            on_wall((width - 0.8, 0.45, 5.6), along, 5.6, canvas)


def _light(arrangement: Arrangement) -> None:
    lamp("window", (-12.0, -9.0, 14.0), "AREA", 6000, arrangement.sun, size=8.0)
    lamp("lamp", (9.0, 10.0, 15.0), "AREA", 1500, (1.0, 0.96, 0.9), size=12.0)
    world = bpy.data.worlds.new("sky")
    tree_of(world).nodes["Background"].inputs["Strength"].default_value = arrangement.sky
    bpy.context.scene.world = world


def lamp(
    name: str,
    at: tuple[float, float, float],
    kind: str,
    power: float,
    color: tuple[float, float, float] = (1.0, 1.0, 1.0),
    **settings: float,
) -> None:
    """Add a light of one of Blender's kinds that shines towards the center."""
    light = bpy.data.lights.new(name, kind)
    light.energy = power
    light.color = color
    for setting, value in settings.items():
        setattr(light, setting, value)
    thing = bpy.data.objects.new(name, light)
    thing.location = at
    thing.rotation_euler = _facing(at)
    bpy.context.scene.collection.objects.link(thing)


def _facing(at: tuple[float, float, float]) -> Any:
    from mathutils import Vector

    return (-Vector(at)).to_track_quat("-Z", "Y").to_euler()
