"""What a recipe is made of: pieces, a light, and places to take photos from. All of it is data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Point = tuple[float, float, float]

# The difficulties that scenes are made of; `Recipe.kinds` names those of one scene.
KINDS = (
    "touching",  # neighbors of the same material that touch
    "stacked",  # things on things and in things
    "thin",
    "glass",
    "support",  # table tops, floors and walls that are objects themselves
    "parts",  # objects of several colors and parts
    "patterned",
    "clutter",  # more than twelve things
    "twins",  # two that look alike, apart from each other
    "tiny",
    "half",  # an object that fills half of a picture
    "soft",  # light from everywhere
    "sun",  # strong shadows
    "orbit",  # cameras around the things
    "room",  # cameras between the things
    "trained",  # Gaussians that were optimized, with haze and floaters
)


@dataclass(frozen=True)
class Piece:
    """One thing and its place. Pieces of the same name are one object."""

    name: str  # of the object; "" for surroundings, which have no mask
    kind: str  # a row of catalog.py
    at: Point = (0, 0, 0)  # the position of its foot, in decimeters
    color: str = "a"  # names of colors in palette.py
    other: str = "white"
    turn: float = 0.0  # degrees about the vertical
    size: float = 1.0
    more: Mapping[str, Any] = field(default_factory=dict)  # parameters of the kind


@dataclass(frozen=True)
class Orbit:
    """Cameras around `target`, in rings of (photos, degrees above the horizon)."""

    distance: float
    target: Point = (0, 0, 0.8)
    rings: Sequence[tuple[int, float]] = ((9, 15.0), (8, 33.0), (5, 54.0))
    # The rings cover `arc` degrees with their middle at `middle`: 0 is along x, -90 along -y.
    middle: float = 0.0
    arc: float = 360.0
    lens: float = 42.0  # focal length in mm on a sensor 36 mm wide


@dataclass(frozen=True)
class Inside:
    """Cameras in a room: a few in its middle look outwards, others at its walls look across."""

    outwards: int = 12
    across: int = 12
    radius: float = 2.0  # of the circle of those that look outwards
    reach: tuple[float, float] = (6.8, 6.4)  # half the axes of the ellipse of the others
    heights: Sequence[float] = (4.2, 5.6)  # of the cameras, taken by turns
    floor: float = 1.2  # the height that they look at
    lens: float = 24.0


@dataclass(frozen=True)
class Recipe:
    """A scene. All its hues come from its seed."""

    name: str
    seed: int
    about: str  # a sentence for people
    kinds: Sequence[str]
    cameras: Orbit | Inside
    light: str  # "soft" or "sun"
    pieces: Sequence[Piece]
    trained: bool = False
    # How densely Gaussians lie on large objects, relative to others.
    large: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of the objects, each once."""
        return [name for name in dict.fromkeys(piece.name for piece in self.pieces) if name]

    @property
    def shown(self) -> set[str]:
        """The difficulties of the scene, with those that follow from its other fields."""
        room = "room" if isinstance(self.cameras, Inside) else "orbit"
        return {*self.kinds, self.light, room, *(["trained"] if self.trained else [])}
