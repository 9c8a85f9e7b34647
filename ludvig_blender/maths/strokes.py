"""Where something was drawn: made to fit the view, or refused with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...ludvig_engine.errors import EngineError
from .lens import Lens

COLORS = {
    "SET": (0.25, 0.9, 0.4, 1.0),
    "ADD": (0.25, 0.9, 0.4, 1.0),
    "REMOVE": (1.0, 0.3, 0.25, 1.0),
}
SMALLEST = 4  # pixels of a box's side
NEEDED = {"CLICK": "a place", "SCRIBBLE": "a line", "BOX": "two corners"}


def text(pixels: Iterable[Iterable[float]]) -> str:
    """Pixels (P, 2) as operators and .blend files have them: "x y x y ..."."""
    return " ".join(f"{value:g}" for pixel in pixels for value in pixel)


def read(text: str) -> np.ndarray:
    """Pixels (P, 2) of such a text. Raises `EngineError`."""
    try:
        return np.array(text.split(), np.float64).reshape(-1, 2)
    except ValueError as error:
        raise EngineError(
            "bad_input", f'"{text}" are no pixels.', ['Give them as "x y x y ...".']
        ) from error


def inside(kind: str, given: np.ndarray, lens: Lens) -> np.ndarray:
    """The part of a drawing that is in view: pixels (P, 2) from the upper left. Raises `EngineError` if there is none.

    A line loses its points outside, unless it has none inside; a box is cut off at the border.
    """
    if len(given) != 2 if kind == "BOX" else not len(given):
        what = f"This needs {NEEDED[kind]}, but there are {len(given)} places."
        raise EngineError("bad_input", what, ['Give pixels as "x y x y ...".'])
    last = np.array([lens.width - 1, lens.height - 1])
    within = ((given >= 0) & (given <= last)).all(1)
    if kind == "BOX":
        corners = np.clip(np.sort(given, axis=0), 0, last)
        if (np.ptp(corners, axis=0) < SMALLEST).any():
            raise EngineError(
                "bad_input",
                "The box is too small to hold anything.",
                ["Drag it around the object."],
            )
        return corners
    if not within.any():
        raise EngineError(
            "bad_input",
            f"({given[0, 0]:g}, {given[0, 1]:g}) is outside the view of {lens.width} x {lens.height} pixels.",
            ["Draw inside the view."],
        )
    return given[within]


def center(thing: Any) -> np.ndarray:
    """The middle of an object's bounds, object space (3,)."""
    return np.array([tuple(corner) for corner in thing.bound_box], np.float64).mean(0)
