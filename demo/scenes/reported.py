"""The scenes that are only reported; each has a partner of the same kinds in tuning.py."""

from __future__ import annotations

from pieces import Inside, Orbit, Piece, Recipe

BENCH = Recipe(
    "bench",
    201,
    "A ball in two rings of one color that lie on each other, a block of their color beside them, "
    "a bowl with a fruit on a saucer of its glaze, a cable.",
    ("touching", "stacked", "thin", "support", "twins", "tiny"),
    Orbit(10.8),
    "sun",
    (
        Piece(
            "table top",
            "drum",
            (0, 0, -0.4),
            "walnut",
            "oak",
            more={"radius": 4.8, "height": 0.4, "pattern": "wood", "scale": 0.9},
        ),
        Piece("lower ring", "ring", (1.5, 1.2, 0), "b"),
        Piece("upper ring", "ring", (1.5, 1.2, 0.54), "b"),
        Piece("inner ball", "ball", (1.5, 1.2, 0.4), "a", more={"radius": 0.8}),
        Piece("far ball", "ball", (-2.9, 1.7, 0), "a", more={"radius": 0.8}),
        Piece("block", "block", (2.2, -0.55, 0), "b", turn=20, more={"size": (0.95, 0.95, 0.9)}),
        Piece("saucer", "plate", (-1.3, -1.7, 0), "c", more={"radius": 1.75}),
        Piece("bowl", "bowl", (-1.3, -1.7, 0.08), "c", "c", size=0.75),
        Piece("fruit", "fruit", (-1.3, -1.7, 0.3), "d", "white", turn=-30, more={"radius": 0.62}),
        Piece(
            "cable",
            "cable",
            color="cream",
            more={
                "path": [
                    (3.9, -2.0),
                    (2.6, -2.7),
                    (1.3, -2.0),
                    (0.4, -0.5),
                    (-0.6, 0.6),
                    (-1.3, 1.9),
                    (-0.6, 3.2),
                    (0.8, 3.8),
                ]
            },
        ),
        Piece("", "stool", (0, 0, -6), size=2.6),
        Piece("", "room", color="white", other="f", more={"drop": 6}),
    ),
    large={"table top": 0.35},
)

DEPOT = Recipe(
    "depot",
    202,
    "Three crates of one wood, a ladder against a wall, a fence, two stools and a tire.",
    ("touching", "stacked", "thin", "support", "twins", "half"),
    Orbit(13.0, (0, 0.4, 1.7), middle=-80, arc=185, rings=((9, 15), (8, 30), (6, 48))),
    "sun",
    (
        Piece("floor", "ground", color="pine", other="oak"),
        Piece("wall", "wall", (0, 3.2, 0), "slate", "gray"),
        Piece("low crate", "crate", (0.9, 1.5, 0), "oak", more={"size": (2.2, 2.2, 1.6)}),
        Piece("side crate", "crate", (3.12, 1.1, 0), "oak", more={"size": (2.2, 2.2, 1.6)}),
        Piece(
            "upper crate",
            "crate",
            (2.3, 1.2, 1.6),
            "oak",
            turn=-12,
            more={"size": (1.9, 2.1, 1.6)},
        ),
        Piece("ladder", "ladder", (-2.4, 1.6, 0), "a", more={"thick": 0.16}),
        Piece("fence", "fence", (5.3, -0.8, 0), "oak", turn=-75, more={"length": 4.5}),
        Piece("left stool", "stool", (-3.6, -1.4, 0), size=1.1, turn=20),
        Piece("right stool", "stool", (2.3, -2.0, 0), size=1.1, turn=50),
        Piece("tire", "ring", (-0.8, -1.6, 0), "black", more={"radius": 1.0, "thick": 0.36}),
        Piece("", "room", color="slate", other="c", more={"drop": 0.1}),
    ),
    large={"floor": 0.3, "wall": 0.3},
)

BAR = Recipe(
    "bar",
    203,
    "Two glasses, a carafe and a bottle on a checkered counter, one glass on a coaster; fruits.",
    ("touching", "stacked", "thin", "glass", "support", "patterned", "tiny"),
    Orbit(9.8),
    "soft",
    (
        Piece(
            "counter",
            "block",
            (0, 0, -0.3),
            "cream",
            "a",
            more={"size": (9, 6.4, 0.3), "pattern": "checks", "scale": 1.3},
        ),
        Piece("coaster", "drum", (-1.4, -1.5, 0), "b", "b", more={"radius": 1.0, "height": 0.14}),
        Piece("tall glass", "tumbler", (-1.4, -1.5, 0.14), "water", more={"height": 2.3}),
        Piece("short glass", "tumbler", (1.5, -1.4, 0), "water", more={"radius": 0.85}),
        Piece("straw", "straw", (1.35, -1.4, 0), "c", "white", turn=60, size=1.25),
        Piece("carafe", "carafe", (2.2, 1.3, 0), "water", "d", more={"filled": 1.0}),
        Piece("bottle", "bottle", (-2.4, 1.4, 0), "e", size=0.85),
        Piece("left fruit", "fruit", (-0.45, 1.1, 0), "f", "white", turn=-100),
        Piece("right fruit", "fruit", (0.9, 0.85, 0), "f", "white", turn=10),
        Piece("", "room", color="gray", other="g", more={"drop": 6}),
    ),
    large={"counter": 0.5},
)

STUDIO = Recipe(
    "studio",
    204,
    "A robot, a bust on a plinth of its stone, a toy car and a tripod on a checkered floor.",
    ("touching", "stacked", "thin", "support", "parts", "patterned", "half"),
    Orbit(12.8, (0, 0, 1.4), rings=((11, 16), (10, 32), (7, 53))),
    "soft",
    (
        Piece(
            "floor", "ground", (0, 0, 0), "slate", "white", more={"pattern": "tiles", "scale": 1.6}
        ),
        Piece("robot", "robot", (-2.3, -1.2, 0), "a", "b", turn=-20, size=0.95),
        Piece("plinth", "drum", (0.6, 2.5, 0), "gray", "gray", more={"radius": 1.0}),
        Piece("bust", "bust", (0.6, 2.5, 1.6), "c", "gray", turn=165, size=0.8),
        Piece("car", "car", (0.9, -2.2, 0), "d", turn=25, size=0.95),
        Piece("tripod", "tripod", (2.9, 0.4, 0), "pine", "e", size=0.95),
        Piece("ball", "ball", (2.9, 0.4, 2.9), "f", more={"radius": 0.65}),
        Piece("excavator", "excavator", (-3.0, 2.2, 0), "g", "slate", turn=140, size=0.85),
        Piece("", "room", color="white", other="h", more={"drop": 0.1}),
    ),
    trained=True,
    large={"floor": 0.35},
)

DEN = Recipe(
    "den",
    205,
    "A table with a chair and a stool, a sofa with a seat of its cloth and two cushions, a shelf, "
    "from inside of the room.",
    ("touching", "stacked", "thin", "support", "patterned", "twins", "half"),
    Inside(radius=1.8, reach=(6.4, 6.6), heights=(5.4, 4.2)),
    "soft",
    (
        Piece("floor", "ground", (0, 0, 0), "gray", "slate", more={"size": (17, 17)}),
        Piece("wall", "wall", (-8.1, 0, 0), "b", "cream", 90, more={"length": 17, "scale": 6.0}),
        Piece("sofa", "sofa", (6.9, 1.0, 0), "a", "oak", -90, more={"length": 6.4}),
        Piece("side seat", "block", (6.9, -3.52, 0), "a", more={"size": (2.6, 2.4, 1.5)}),
        Piece("near cushion", "cushion", (6.7, -0.8, 1.4), "d", "white", -90, more={"scale": 0.4}),
        Piece("far cushion", "cushion", (6.7, 2.8, 1.4), "d", "white", -90, more={"scale": 0.4}),
        Piece("table", "table", (-2.4, 5.4, 0), "walnut", "oak", -8, more={"size": (5.4, 3.2)}),
        Piece("bowl", "bowl", (-2.6, 5.4, 2.5), "e", "white"),
        Piece("bowl", "oranges", (-2.6, 5.4, 2.5), "f"),
        Piece("chair", "chair", (-1.8, 3.3, 0), turn=175, size=1.1),
        Piece("stool", "stool", (-6.2, 4.6, 0), size=1.2),
        Piece("lamp", "floor lamp", (6.7, 6.6, 0), "c"),
        Piece("shelf", "shelf", (1.6, -7.3, 0), "oak", "pine", 180, more={"levels": 2, "width": 5}),
        Piece("", "vase", (2.4, -7.2, 2.0), "c", "white", size=0.45),
        Piece("", "picture", (-8.1, 0, 4.5), "g", "h", turn=90, more={"size": (4, 3)}),
        Piece("", "cactus", (-6.2, -5.4, 0), size=1.4),
        Piece("", "room", color="white", other="g", more={"side": 17, "drop": 0.1}),
    ),
    large={"floor": 0.35, "wall": 0.35},
)

FLEA = Recipe(
    "flea",
    206,
    "Seventeen things close together on a round table.",
    ("touching", "stacked", "thin", "support", "parts", "clutter"),
    Orbit(12.8),
    "sun",
    (
        Piece(
            "table",
            "drum",
            (0, 0, -0.4),
            "oak",
            "walnut",
            more={"radius": 5.0, "height": 0.4, "pattern": "wood", "scale": 0.9},
        ),
        Piece("lamp", "lamp", (-0.4, 2.7, 0), "cream"),
        Piece("excavator", "excavator", (0.9, -2.7, 0), "a", "white", turn=15, size=0.75),
        Piece("bust", "bust", (3.5, 0.9, 0), "b", "gray", turn=70, size=0.8),
        Piece("plate", "plate", (-2.4, -2.2, 0), "c", more={"radius": 1.35}),
        Piece("cup", "cup", (-2.4, -2.2, 0.08), "c", "white", turn=-160),
        Piece("stool", "stool", (-3.2, 0.8, 0), turn=15, size=0.8),
        Piece("monkey", "monkey", (-3.2, 0.8, 1.6), "d", turn=-60, size=0.85),
        Piece("vase", "vase", (-0.4, -0.3, 0), "e", "cream", size=0.7),
        Piece("fruits", "oranges", (1.9, 2.9, -0.3), "f", size=0.9),
        Piece("books", "books", (1.35, 0.3, 0), "g", "h", turn=-30, size=0.75),
        Piece("teapot", "teapot", (-2.3, 3.0, 0), "b", turn=100, size=0.75),
        Piece("", "candle", (3.4, -1.5, 0), "cream", size=0.7),
        Piece("", "ball", (-0.9, -3.6, 0), "d", more={"radius": 0.5}),
        Piece("", "drum", (-4.2, -0.9, 0), "f", "white", more={"radius": 0.4, "height": 1.0}),
        Piece("", "ring", (0.3, -4.1, 0), "a", size=0.45),
        Piece("", "block", (3.6, 2.5, 0), "c", turn=30, more={"size": (0.7, 0.7, 0.7)}),
        Piece("", "stool", (0, 0, -6), size=2.6),
        Piece("", "room", color="cream", other="h", more={"drop": 6}),
    ),
    large={"table": 0.35},
)

RECIPES = (BENCH, DEPOT, BAR, STUDIO, DEN, FLEA)
