"""The things that can stand on the table.

Each function builds one thing around the origin, with its foot at z = 0. Sizes are in scene units
of a decimeter. Some functions have parameters, so that things differ between arrangements.
"""

from __future__ import annotations

import math

import numpy as np
from materials import Color, material
from shapes import ball, box, lathe, leaf, monkey, tube

CREAM: Color = (0.90, 0.85, 0.74)
TERRACOTTA: Color = (0.72, 0.38, 0.24)
OAK: Color = (0.68, 0.47, 0.28)
DARK_OAK: Color = (0.52, 0.33, 0.18)
RUSH: Color = (0.83, 0.72, 0.47)
BLUE: Color = (0.22, 0.36, 0.58)
WHITE: Color = (0.93, 0.92, 0.88)
LEAF: Color = (0.24, 0.45, 0.18)


def chair() -> None:
    """A doll's chair of oak with a seat of woven rush."""
    wood = material(OAK, DARK_OAK, pattern="wood", scale=0.4, roughness=0.45)
    rush = material(RUSH, (0.66, 0.53, 0.30), pattern="weave", scale=0.28, bump=0.02, roughness=0.8)
    for x in (-0.85, 0.85):
        box((1.5, 0.3, 0.3), (x, -0.85, 0.75), turn=(0, math.pi / 2, 0), material=wood)
        box((3.6, 0.3, 0.3), (x, 0.9, 1.8), turn=(0, math.pi / 2 - 0.06, 0.0), material=wood)
        box((1.5, 0.2, 0.2), (x, 0, 0.65), turn=(0, 0, math.pi / 2), material=wood)
    for z, height in ((2.3, 0.34), (2.85, 0.34), (3.4, 0.42)):
        box((1.75, 0.14, height), (0, 0.9, z), material=wood)
    box((1.5, 0.2, 0.2), (0, -0.85, 0.85), material=wood)
    box((2.1, 2.1, 0.2), (0, 0, 1.5), bevel=0.08, material=wood)
    box((1.7, 1.7, 0.12), (0, 0, 1.6), bevel=0.05, material=rush)


def stool() -> None:
    """A round stool of oak on three legs."""
    wood = material(OAK, DARK_OAK, pattern="wood", scale=0.4, roughness=0.45)
    lathe([(0, 1.75), (1.2, 1.75), (1.3, 1.85), (1.2, 2.05), (0, 2.0)], material=wood)
    for angle in np.arange(3) * 2 * math.pi / 3:
        c, s = math.cos(angle), math.sin(angle)
        tube(
            [(c * r, s * r, z) for r, z in ((1.15, 0.02), (0.95, 0.9), (0.75, 1.8))],
            [0.13, 0.18, 0.2],
            material=wood,
        )


def vase(foot: Color = TERRACOTTA, top: Color = CREAM) -> None:
    """A bellied vase of bare clay, with a glaze on its upper part."""
    clay = material(foot, top, pattern="above", scale=1.45, roughness=0.4)
    outside = [
        (0, 0),
        (0.75, 0),
        (0.85, 0.1),
        (1.25, 0.9),
        (1.3, 1.6),
        (0.9, 2.4),
        (0.5, 2.85),
        (0.5, 3.15),
        (0.72, 3.4),
    ]
    lathe([*outside, (0.62, 3.4), (0.4, 3.1), (0.4, 2.8), (0, 2.6)], material=clay)


def bowl(color: Color = BLUE, inside: Color = WHITE) -> None:
    """A wide glazed bowl with another color inside."""
    glaze = material(color, tuple(c * 0.8 for c in color), scale=0.5, roughness=0.25)
    white = material(inside, scale=0.6, roughness=0.3)
    lathe(
        [(0, 0), (0.7, 0), (0.7, 0.12), (1.2, 0.42), (1.5, 1.0), (1.55, 1.12), (1.46, 1.12)],
        material=glaze,
    )
    lathe([(1.5, 1.13), (1.42, 1.0), (1.1, 0.5), (0.5, 0.3), (0, 0.28)], material=white)


def oranges(color: Color = (0.90, 0.50, 0.12)) -> None:
    """Four fruits that lie in a bowl."""
    peel = material(
        color, tuple(0.86 * c for c in color), pattern="dots", scale=0.12, bump=0.01, roughness=0.45
    )
    stalk = material(LEAF)
    for x, y, z in (
        (0.58, 0.1, 0.85),
        (-0.34, 0.56, 0.85),
        (-0.36, -0.52, 0.85),
        (0.02, 0.04, 1.55),
    ):
        ball(0.56, (x, y, z), squash=0.93, material=peel)
        ball(0.07, (x, y, z + 0.52), material=stalk)


def books(cover: Color = (0.48, 0.13, 0.14), other: Color = (0.36, 0.10, 0.16)) -> None:
    """Three bound books in a pile."""
    pages = material(CREAM, (0.74, 0.68, 0.56), pattern="stripes", scale=0.09, roughness=0.8)
    gold = material((0.80, 0.62, 0.25), roughness=0.35)
    z = 0.0
    for size, turn, color in (
        ((2.9, 2.1, 0.5), 0.1, cover),
        ((2.6, 1.9, 0.42), -0.12, other),
        ((2.3, 1.7, 0.36), 0.3, cover),
    ):
        cloth = material(color, tuple(0.8 * c for c in color), scale=0.12, roughness=0.7)
        (x, y, height), spin = size, (0, 0, turn)
        back = np.array([math.sin(turn), -math.cos(turn)]) * y / 2
        box(
            (x - 0.12, y - 0.1, height - 0.14),
            (0, 0, z + height / 2),
            turn=spin,
            bevel=0.01,
            material=pages,
        )
        for level in (0.04, height - 0.04):
            box((x, y, 0.08), (0, 0, z + level), turn=spin, bevel=0.02, material=cloth)
        box((x, 0.1, height), (*back, z + height / 2), turn=spin, bevel=0.03, material=cloth)
        for along in (-0.3, 0.3):
            where = back * 1.02 + along * x * np.array([math.cos(turn), math.sin(turn)])
            box(
                (0.1, 0.12, height * 0.8),
                (*where, z + height / 2),
                turn=spin,
                bevel=0.01,
                material=gold,
            )
        z += height + 0.005


def suzanne(color: Color = (0.42, 0.60, 0.52)) -> None:
    """The monkey's head as a painted toy."""
    paint = material(color, tuple(0.75 * c for c in color), scale=0.25, roughness=0.5)
    monkey(0.95, (0, 0.05, 0.78), turn=(-0.45, 0, 0), material=paint)


def mug(color: Color = BLUE, inside: Color = WHITE) -> None:
    """A mug with a handle and a pale band."""
    glaze = material(color, inside, pattern="stripes", scale=2.6, roughness=0.25)
    coffee = material((0.20, 0.11, 0.06), roughness=0.15)
    lathe(
        [
            (0, 0),
            (0.6, 0),
            (0.66, 0.06),
            (0.68, 0.7),
            (0.68, 1.38),
            (0.64, 1.42),
            (0.6, 1.38),
            (0.6, 0.2),
            (0, 0.2),
        ],
        material=glaze,
    )
    lathe([(0, 1.1), (0.61, 1.1)], sharp=True, material=coffee)
    angles = np.linspace(-1.45, 1.45, 9)
    tube(
        [(0.6 + 0.5 * math.cos(a), 0, 0.72 + 0.42 * math.sin(a)) for a in angles],
        [0.1] * 9,
        material=glaze,
    )


def plant(pot: Color = TERRACOTTA, seed: int = 3) -> None:
    """Broad leaves in a clay pot."""
    clay = material(pot, tuple(0.85 * c for c in pot), scale=0.3, roughness=0.8)
    soil = material((0.22, 0.15, 0.10), (0.12, 0.08, 0.05), scale=0.1, bump=0.03, roughness=0.9)
    green = material(LEAF, (0.45, 0.60, 0.28), scale=0.35, roughness=0.4)
    lathe(
        [
            (0, 0),
            (0.7, 0),
            (0.98, 1.1),
            (1.1, 1.12),
            (1.12, 1.45),
            (1.0, 1.46),
            (0.95, 1.2),
            (0.94, 1.1),
        ],
        sharp=True,
        material=clay,
    )
    lathe([(0, 1.25), (0.99, 1.25)], sharp=True, material=soil)
    random = np.random.default_rng(seed)
    for number in range(13):
        # Leaves grow at the golden angle, 2.4 radians.
        angle, rise = 2.4 * number, -1.35 + 0.085 * number
        at = (0.1 * math.cos(angle), 0.1 * math.sin(angle), 1.25)
        length = random.uniform(1.7, 2.3)
        leaf(
            length,
            0.36 * length,
            at,
            turn=(0, rise, angle),
            bend=random.uniform(0.6, 1.3),
            material=green,
        )


def cactus() -> None:
    """A round cactus with ribs and one arm, in a white pot."""
    ribs = material(
        (0.28, 0.44, 0.24), (0.62, 0.68, 0.42), pattern="dots", scale=0.22, roughness=0.7
    )
    clay = material(WHITE, (0.80, 0.78, 0.72), scale=0.4, roughness=0.5)
    lathe(
        [(0, 0), (0.8, 0), (0.95, 1.0), (0.85, 1.0), (0.82, 0.85), (0, 0.85)],
        sharp=True,
        material=clay,
    )
    tube(
        [(0, 0, z) for z in (0.8, 1.2, 1.9, 2.6, 3.0, 3.15)],
        [0.5, 0.6, 0.62, 0.55, 0.36, 0.12],
        material=ribs,
    )
    path = [(0.45, 0, 1.6), (0.85, 0, 1.65), (1.05, 0, 1.95), (1.05, 0, 2.3), (1.05, 0, 2.42)]
    tube(path, [0.24, 0.27, 0.28, 0.22, 0.08], material=ribs)


def bottle(color: Color = (0.16, 0.30, 0.20)) -> None:
    """A bottle with a paper label and a cork."""
    glass = material(color, tuple(0.7 * c for c in color), scale=0.6, roughness=0.12)
    paper = material(CREAM, (0.70, 0.45, 0.30), pattern="stripes", scale=0.55, roughness=0.8)
    lathe(
        [
            (0, 0),
            (0.7, 0),
            (0.74, 0.1),
            (0.74, 2.1),
            (0.68, 2.4),
            (0.3, 2.9),
            (0.27, 3.7),
            (0.32, 3.75),
            (0.3, 3.9),
            (0, 3.9),
        ],
        material=glass,
    )
    lathe([(0.75, 0.6), (0.755, 0.65), (0.755, 1.75), (0.75, 1.8)], sharp=True, material=paper)
    lathe(
        [(0, 3.85), (0.22, 3.85), (0.22, 4.1), (0, 4.1)],
        sharp=True,
        material=material((0.72, 0.55, 0.36), scale=0.1),
    )


def teapot(color: Color = (0.62, 0.14, 0.12)) -> None:
    """An enameled teapot with a black handle and knob."""
    enamel = material(color, tuple(0.85 * c for c in color), scale=0.5, roughness=0.2)
    black = material((0.08, 0.08, 0.09), roughness=0.4)
    lathe(
        [
            (0, 0),
            (0.9, 0),
            (1.0, 0.1),
            (1.35, 0.8),
            (1.2, 1.5),
            (0.8, 1.85),
            (0.75, 1.95),
            (0.3, 2.1),
            (0, 2.12),
        ],
        material=enamel,
    )
    ball(0.2, (0, 0, 2.25), material=black)
    tube(
        [(1.1, 0, 0.7), (1.6, 0, 0.95), (1.85, 0, 1.4), (2.15, 0, 1.75)],
        [0.34, 0.26, 0.19, 0.15],
        material=enamel,
    )
    angles = np.linspace(-1.3, 1.4, 9)
    tube(
        [(-1.05 - 0.75 * math.cos(a), 0, 1.05 + 0.62 * math.sin(a)) for a in angles],
        [0.12] * 9,
        material=black,
    )


def lamp(shade: Color = (0.88, 0.74, 0.48)) -> None:
    """A table lamp with a brass foot and a pleated shade, which is lit."""
    brass = material((0.66, 0.50, 0.24), scale=0.4, roughness=0.3)
    cloth = material(shade, tuple(0.9 * c for c in shade), scale=0.3, roughness=0.9, glow=0.7)
    lathe(
        [
            (0, 0),
            (0.85, 0),
            (0.85, 0.12),
            (0.3, 0.3),
            (0.16, 0.7),
            (0.3, 1.2),
            (0.14, 1.8),
            (0.12, 2.6),
            (0, 2.6),
        ],
        material=brass,
    )
    lathe(
        [(1.25, 2.2), (1.24, 2.25), (0.8, 3.7), (0.78, 3.72), (0, 3.72)], sharp=True, material=cloth
    )


def car(color: Color = (0.80, 0.62, 0.20)) -> None:
    """A wooden toy car."""
    paint = material(
        color, tuple(0.85 * c for c in color), pattern="wood", scale=0.4, roughness=0.4
    )
    wood = material(OAK, DARK_OAK, pattern="wood", scale=0.4)
    box((3.0, 1.3, 0.6), (0, 0, 0.7), bevel=0.15, material=paint)
    box((1.5, 1.15, 0.7), (-0.2, 0, 1.3), bevel=0.2, material=wood)
    for x in (-0.9, 0.9):
        for y in (-0.72, 0.72):
            wheel = lathe(
                [(0, -0.12), (0.38, -0.12), (0.45, -0.06), (0.45, 0.06), (0.38, 0.12), (0, 0.12)],
                (x, y, 0.45),
                material=wood,
            )
            wheel.rotation_euler = (math.pi / 2, 0, 0)


def balls(color: Color = (0.70, 0.16, 0.18), other: Color = WHITE) -> None:
    """A striped ball."""
    ball(
        1.0,
        (0, 0, 1.0),
        material=material(color, other, pattern="stripes", scale=0.8, roughness=0.5),
    )


def candle(wax: Color = CREAM) -> None:
    """A thick candle on a saucer."""
    clay = material(BLUE, scale=0.4, roughness=0.3)
    lathe([(0, 0), (0.8, 0), (1.15, 0.2), (1.1, 0.24), (0.75, 0.1), (0, 0.1)], material=clay)
    paraffin = material(wax, tuple(0.9 * c for c in wax), scale=0.5, roughness=0.6)
    lathe(
        [(0, 0.1), (0.55, 0.1), (0.57, 0.15), (0.56, 1.9), (0.5, 1.98), (0.2, 1.85), (0, 1.85)],
        material=paraffin,
    )
    tube(
        [(0, 0, 1.8), (0.02, 0, 2.0), (0.06, 0, 2.15)],
        [0.05, 0.05, 0.03],
        material=material((0.1, 0.08, 0.07)),
    )
