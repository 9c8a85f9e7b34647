"""What each splat of an object measures by a criterion, kept until the splats change.

A slider asks at every step of the mouse, and the panel at every redraw. Reading the attributes and
comparing them with what was measured takes longer than selecting, so that is done only if somebody
else may have written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..maths import criteria
from . import attributes, changes, splats
from .native import BASE

if TYPE_CHECKING:
    from .types import SplatObject

VIEWS = ".ludvig_views"  # how many photos show a splat; written with the features


@dataclass(frozen=True)
class Criterion:
    """What splats are measured by."""

    what: str  # SIZE, OPACITY, VIEWS, COLOR or SCORE
    attribute: str = ""  # of SCORE
    color: tuple[float, ...] = ()  # of COLOR

    @property
    def read(self) -> tuple[str, ...]:
        """The attributes that it follows from."""
        own = {"SIZE": ("scale", "rotation"), "VIEWS": (VIEWS,), "SCORE": (self.attribute,)}
        return own.get(self.what, (BASE,))


Key = tuple[int, Criterion, tuple[float, ...]]  # the object, by its session uid, and its matrix


class Measured:
    """One number for each of N splats, and how often which numbers occur."""

    def __init__(self, key: Key, raw: tuple[np.ndarray, ...], values: np.ndarray) -> None:
        self.key, self.raw = key, raw
        self.values = values
        self.axis = criteria.axis(values, logarithmic=key[1].what == "SIZE")

    @cached_property
    def counts(self) -> np.ndarray:
        """How many splats there are in each part of the axis."""
        return criteria.histogram(self.values, self.axis)


_kept: Measured | None = None  # the newest, because there is one panel
_states: tuple[tuple[int, int], ...] = ()  # of `changes`, at which it is what the splats measure


def measure(thing: SplatObject, by: Criterion, *, compare: bool = True) -> Measured | None:
    """What the splats of an object measure; None if they lack the attribute.

    Without `compare`, what is kept is good until somebody notifies us of a change, which is all
    that can happen while the mouse moves a slider.
    """
    global _kept, _states
    world = tuple(np.array(thing.matrix_world, np.float64).ravel().tolist())
    key: Key = (thing.session_uid, by, world if by.what == "SIZE" else ())
    known = _kept if _kept is not None and _kept.key == key else None
    # In the background nothing notifies us of what a script changes.
    current = changes.state() in _states and not compare and not bpy.app.background
    if known and current:
        return known
    if _kept is not None and current and _kept.key[0] == key[0] and _kept.key[1].read == by.read:
        raw = _kept.raw
    else:
        found = [attributes.get(thing.data, name) for name in by.read]
        raw = tuple(values for values in found if values is not None)
        if len(raw) < len(found):
            return None
    _states = (changes.state(),)
    if known and all(map(np.array_equal, known.raw, raw)):
        return known
    values = _values(by, raw, thing)
    if values.ndim > 1 or values.dtype != np.float32:
        return None
    _kept = Measured(key, raw, values)
    return _kept


def selected(found: Measured) -> None:
    """Since this was measured, only the selection was written. Blender will tell us that once."""
    global _states
    if found is not _kept:
        return
    version, written = changes.state()
    _states = ((version, written), (version + 1, written))


def _values(by: Criterion, raw: tuple[np.ndarray, ...], thing: SplatObject) -> np.ndarray:
    if by.what == "SIZE":
        return criteria.size(raw[0], raw[1], np.array(thing.matrix_world, np.float64))
    if by.what == "OPACITY":
        return np.ascontiguousarray(raw[0][:, 3])
    if by.what == "COLOR":
        return criteria.color_distance(raw[0][:, :3], np.asarray(by.color))
    return raw[0]


def mean_color(thing: SplatObject, chosen: np.ndarray) -> np.ndarray:
    """The mean color (3,) of some splats, (N,) bool."""
    base = splats.required(thing.data, BASE)[chosen]
    return criteria.mean_color(base[:, :3], base[:, 3])
