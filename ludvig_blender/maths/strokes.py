"""The pixels of a drawing: cut to the view, or refused with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ...ludvig_engine.errors import EngineError
from ..translation.say import say_report
from . import kinds
from .lens import Lens

if TYPE_CHECKING:
    import bpy

COLORS = {
    "SET": (0.25, 0.9, 0.4, 1.0),
    "ADD": (0.25, 0.9, 0.4, 1.0),
    "REMOVE": (1.0, 0.3, 0.25, 1.0),
}


def text(pixels: Iterable[Iterable[float]]) -> str:
    """Pixels (P, 2) as operators and .blend files store them: "x y x y ..."."""
    return " ".join(f"{value:g}" for pixel in pixels for value in pixel)


def read(text: str) -> np.ndarray:
    """The pixels (P, 2) in a text like that. Raises `EngineError`."""
    try:
        return np.array(text.split(), np.float64).reshape(-1, 2)
    except ValueError as error:
        what = say_report('"{text}" is not a list of pixels.', text=text)
        raise EngineError("bad_input", what, ['Give pixels as "x y x y ...".']) from error


def inside(kind: str, given: np.ndarray, lens: Lens) -> np.ndarray:
    """The part of a drawing that is in view: pixels (P, 2) from the upper left.

    Raises `EngineError` if nothing is.
    """
    drawn = kinds.drawn_as(kind)
    if not drawn.complete(given):
        what = say_report(
            "This needs {needed}, but there are {count} places.",
            needed=say_report(drawn.needed),
            count=len(given),
        )
        raise EngineError("bad_input", what, ['Give pixels as "x y x y ...".'])
    return drawn.inside(given, lens.width, lens.height)


def center(thing: bpy.types.Object) -> np.ndarray:
    """The center (3,) of an object's bounds, in object space."""
    return np.array([tuple(corner) for corner in thing.bound_box], np.float64).mean(0)
