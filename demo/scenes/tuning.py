"""The scenes that numbers may be chosen on; each has a partner of the same kinds in reported.py."""

from __future__ import annotations

from pieces import Inside, Orbit, Piece, Recipe

DESK = Recipe(
    "desk",
    101,
    "A ball in a ring and a ball of the ring's color beside it, a cup on a plate of one glaze, "
    "a cable that runs around them.",
    ("touching", "stacked", "thin", "support", "twins", "tiny"),
    Orbit(10.2),
    "sun",
    (
        Piece("table", "table", (0, 0, -6), "oak", "walnut", more={"size": (9, 7), "height": 6}),
        Piece("ring", "ring", (-1.7, -0.9, 0), "b"),
        Piece("left ball", "ball", (-1.7, -0.9, 0.02), "a", more={"radius": 0.81}),
        Piece("right ball", "ball", (1.2, 2.1, 0), "a", more={"radius": 0.81}),
        Piece("small ball", "ball", (-3.0, -1.85, 0), "b", more={"radius": 0.55}),
        Piece("plate", "plate", (2.1, -1.5, 0), "white", more={"radius": 1.35}),
        Piece("cup", "cup", (2.1, -1.5, 0.09), "white", "cream", turn=70),
        Piece(
            "cable",
            "cable",
            (0, 0, 0),
            "black",
            more={
                "path": [
                    (-4.2, 1.2),
                    (-2.6, 2.5),
                    (-0.9, 1.5),
                    (0.3, 0.2),
                    (0.2, -1.6),
                    (0.6, -3.0),
                    (2.2, -3.1),
                    (3.7, -2.4),
                ]
            },
        ),
        Piece("books", "books", (3.0, 1.4, 0), "c", "d", turn=25, size=0.8),
        Piece("", "room", color="cream", other="e", more={"drop": 6}),
    ),
    large={"table": 0.35},
)

YARD = Recipe(
    "yard",
    102,
    "Crates of one wood on and beside each other, a ladder against a wall, a fence, two drums.",
    ("touching", "stacked", "thin", "support", "twins", "half"),
    Orbit(13.5, (0, 0.6, 1.8), middle=-90, arc=190, rings=((9, 14), (8, 28), (6, 46))),
    "sun",
    (
        Piece("floor", "ground", color="gray", other="slate", more={"pattern": "mottled"}),
        Piece("wall", "wall", (0, 3.0, 0), "cream", "pine"),
        Piece("low crate", "crate", (-2.2, 0.6, 0), "pine", more={"size": (2.4, 2.2, 1.7)}),
        Piece("next crate", "crate", (0.22, 0.7, 0), "pine", more={"size": (2.4, 2.2, 1.7)}),
        Piece(
            "top crate",
            "crate",
            (-1.4, 0.6, 1.7),
            "pine",
            turn=8,
            more={"size": (2.0, 1.9, 1.5)},
        ),
        Piece("ladder", "ladder", (2.6, 1.4, 0), "oak", more={"thick": 0.16}),
        Piece("fence", "fence", (-5.2, -0.6, 0), "white", turn=70, more={"length": 4.5}),
        Piece("left drum", "drum", (-1.8, -2.4, 0), "a", "b", more={"pattern": "stripes"}),
        Piece("right drum", "drum", (3.6, -1.2, 0), "a", "b", more={"pattern": "stripes"}),
        Piece("ball", "ball", (0.6, -1.6, 0), "c", more={"radius": 0.65}),
        Piece("", "room", color="gray", other="a", more={"drop": 0.1}),
    ),
    large={"floor": 0.3, "wall": 0.3},
)

DRINKS = Recipe(
    "drinks",
    103,
    "Glasses and a carafe before fruits with stickers, on a checkered cloth.",
    ("touching", "stacked", "thin", "glass", "support", "patterned", "tiny"),
    Orbit(9.6),
    "soft",
    (
        Piece(
            "cloth",
            "block",
            (0, 0, -0.2),
            "a",
            "white",
            more={"size": (8, 7, 0.2), "pattern": "tiles", "scale": 1.0},
        ),
        Piece("carafe", "carafe", (-1.8, 0.9, 0), "water", "b", more={"filled": 1.3}),
        Piece("tumbler", "tumbler", (0.4, -1.6, 0), "water", more={"radius": 0.75, "height": 1.8}),
        Piece("straw", "straw", (0.3, -1.6, 0), "d", size=1.25),
        Piece("empty glass", "tumbler", (2.1, 0.6, 0), "water", more={"radius": 0.7}),
        Piece("first fruit", "fruit", (-1.6, -1.5, 0), "c", "white", turn=-60),
        Piece("second fruit", "fruit", (-2.6, -0.55, 0), "c", "white", turn=-150),
        Piece("saucer", "plate", (1.2, 2.3, 0), "e", more={"radius": 1.2}),
        Piece("bun", "ball", (1.2, 2.3, 0.06), "e", more={"radius": 0.7}),
        Piece("", "room", color="cream", other="f", more={"drop": 6}),
    ),
    large={"cloth": 0.5},
)

WORKSHOP = Recipe(
    "workshop",
    104,
    "An excavator, a bust, a robot on a crate and a chair on a checkered floor.",
    ("touching", "stacked", "thin", "support", "parts", "patterned", "half"),
    Orbit(12.5, (0, 0, 1.3), rings=((11, 15), (10, 31), (7, 52))),
    "soft",
    (
        Piece("floor", "ground", (0, 0, 0), "b", "cream", more={"pattern": "tiles"}),
        Piece("excavator", "excavator", (-1.8, -1.6, 0), "a", "white", turn=-25),
        Piece("bust", "bust", (2.6, -1.3, 0), "c", "gray", turn=35, size=1.05),
        Piece("chair", "chair", (-2.2, 2.2, 0), turn=20),
        Piece("crate", "crate", (2.0, 2.4, 0), "pine", turn=15, more={"size": (2.2, 2.0, 1.3)}),
        Piece("robot", "robot", (2.0, 2.4, 1.3), "d", "e", turn=160, size=0.75),
        Piece("block", "block", (0.05, 2.1, 0), "pine", turn=15, more={"size": (1.6, 1.2, 0.9)}),
        Piece("", "room", color="cream", other="f", more={"drop": 0.1}),
    ),
    trained=True,
    large={"floor": 0.35},
)

PARLOR = Recipe(
    "parlor",
    105,
    "A sofa with a footstool of its cloth and two striped cushions, a table, chairs and a lamp, "
    "from inside of the room.",
    ("touching", "stacked", "thin", "support", "patterned", "twins", "half"),
    Inside(),
    "soft",
    (
        Piece("floor", "ground", (0, 0, 0), "oak", "walnut", more={"size": (17, 17)}),
        Piece("wall", "wall", (0, 8.1, 0), "a", "white", more={"length": 17, "scale": 5.0}),
        Piece("sofa", "sofa", (-1.0, 6.8, 0), "b", "walnut", more={"length": 7.0}),
        Piece("footstool", "block", (-1.0, 4.48, 0), "b", more={"size": (2.4, 2.0, 1.3)}),
        Piece("left cushion", "cushion", (-3.0, 6.6, 1.4), "c", "white"),
        Piece("right cushion", "cushion", (1.0, 6.6, 1.4), "c", "white"),
        Piece("picture", "picture", (-1.0, 8.1, 4.4), "d", "e", more={"size": (4.5, 3.0)}),
        Piece("lamp", "floor lamp", (4.6, 6.7, 0), "cream"),
        Piece("table", "table", (4.6, -3.2, 0), "pine", "oak", 10, more={"size": (4.4, 3.2)}),
        Piece("vase", "vase", (4.9, -3.4, 2.5), "f", "cream", size=0.75),
        Piece("chair", "chair", (1.9, -4.6, 0), turn=110, size=1.25),
        Piece("shelf", "shelf", (-7.3, -2.2, 0), "walnut", "oak", 90, more={"levels": 2}),
        Piece("", "plant", (-5.9, 4.4, 0), "clay", size=1.2),
        Piece("", "books", (-7.2, -1.8, 2.0), "a", "c", turn=90, size=0.6),
        Piece("", "room", color="cream", other="g", more={"side": 17, "drop": 0.1}),
    ),
    large={"floor": 0.35, "wall": 0.35},
)

JUMBLE = Recipe(
    "jumble",
    106,
    "Sixteen things close together on a table.",
    ("touching", "stacked", "thin", "support", "parts", "clutter"),
    Orbit(12.4),
    "sun",
    (
        Piece("table", "table", (0, 0, -6), "pine", "oak", more={"size": (10, 8.6), "height": 6}),
        Piece("teapot", "teapot", (-2.6, -1.9, 0), "a", turn=200),
        Piece("cup", "cup", (-0.7, -2.5, 0), "a", "white", turn=-40),
        Piece("car", "car", (2.2, -2.7, 0), "b", turn=20),
        Piece("bowl", "bowl", (0.6, -0.5, 0), "c", "white"),
        Piece("bowl", "oranges", (0.6, -0.5, 0), "d"),
        Piece("books", "books", (-2.7, 1.2, 0), "e", "f", turn=15, size=0.85),
        Piece("monkey", "monkey", (-2.7, 1.2, 1.1), "b", turn=-70, size=0.9),
        Piece("cactus", "cactus", (0.2, 2.6, 0), turn=150, size=0.85),
        Piece("bottle", "bottle", (3.2, 1.9, 0), "g"),
        Piece("candle", "candle", (3.6, -0.4, 0), "cream", size=0.9),
        Piece("robot", "robot", (1.9, 2.9, 0), "c", "h", turn=-160, size=0.6),
        Piece("tripod", "tripod", (-1.2, 3.1, 0), "walnut", "h", turn=30, size=0.65),
        Piece("", "drum", (-4.3, -0.2, 0), "b", more={"radius": 0.5, "height": 1.1}),
        Piece("", "ring", (3.9, -2.2, 0), "d", size=0.55),
        Piece("", "ball", (-4.1, -3.0, 0), "f", more={"radius": 0.5}),
        Piece("", "block", (-4.2, 2.9, 0), "g", more={"size": (0.8, 0.8, 0.8)}),
        Piece("", "room", color="white", other="h", more={"drop": 6}),
    ),
    large={"table": 0.35},
)

RECIPES = (DESK, YARD, DRINKS, WORKSHOP, PARLOR, JUMBLE)
