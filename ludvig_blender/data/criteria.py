"""Selecting splats by a number that each has: the settings, which select while they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import (
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)

if TYPE_CHECKING:
    import numpy as np

    from . import types
    from .measured import Criterion, Measured

# How splats that are found are combined with those that are selected.
ACTIONS = (
    ("SET", "Set", "Select these splats and no others", "SELECT_SET", 0),
    ("ADD", "Extend", "Select these splats too", "SELECT_EXTEND", 1),
    ("SUBTRACT", "Subtract", "Deselect these splats", "SELECT_SUBTRACT", 2),
    ("INTERSECT", "Intersect", "Deselect all other splats", "SELECT_INTERSECT", 3),
)
CRITERIA = (
    ("OPACITY", "Opacity", "0 is invisible, 1 is opaque"),
    ("SIZE", "Size", "The longest standard deviation of a splat, in units of the scene"),
    ("VIEWS", "Seen", "How many photos show a splat. Known once features are computed"),
    ("COLOR", "Color", "How far its color is from the one that you choose; black is 1 from white"),
    ("SCORE", "Score", "The score of a segment, or another number that the splats have"),
)

# What was selected by dragging a slider: the object, and the selection before and after.
_last: tuple[int, np.ndarray, np.ndarray] | None = None
_quiet = False  # while settings change that shall not select


def criterion(thing: types.SplatObject, what: str, attribute: str, color: object) -> Criterion:
    """A criterion of these settings. Without an attribute, the score is the active segment's."""
    import numpy as np

    from . import segments
    from .measured import Criterion

    if what == "COLOR":
        return Criterion(what, color=tuple(np.asarray(color, float)))
    if what == "SCORE":
        segment = segments.active(thing)
        return Criterion(what, attribute or (segment.attribute if segment else ""))
    return Criterion(what)


def measured(thing: types.SplatObject, *, compare: bool = False) -> Measured | None:
    """What the splats measure by the criterion that is chosen; None if that is not known."""
    from .measured import measure

    own = thing.ludvig_criteria
    by = criterion(thing, own.what, own.attribute, own.color)
    return measure(thing, by, compare=compare)


def select(
    thing: types.SplatObject, found: Measured, bounds: tuple[float, float], action: str
) -> None:
    """Select the splats between the bounds that are not hidden, or add them, and so on."""
    from . import splats

    _write(thing, found, bounds, action, splats.selection(thing.data))


def _write(
    thing: types.SplatObject,
    found: Measured,
    bounds: tuple[float, float],
    action: str,
    before: np.ndarray,
) -> np.ndarray:
    from ..maths import criteria
    from ..maths.segment_sets import combined
    from . import segments, splats
    from .measured import selected

    own = criteria.within(found.values, *bounds) & ~segments.hidden(thing)
    after = combined(action, before, own)
    splats.set_selection(thing.data, after)
    segments.changed(thing)
    selected(found)
    return after


def _moved(own: types.Criteria, _context: bpy.types.Context | None = None) -> None:
    """Select again. As long as nobody else selects, it is added to the selection before that."""
    global _last
    import numpy as np

    from . import splats

    thing = own.id_data
    if _quiet or not splats.is_splats(thing) or (found := measured(thing)) is None:
        return
    before = splats.selection(thing.data)
    if _last and _last[0] == thing.session_uid and np.array_equal(_last[2], before):
        before = _last[1]
    after = _write(thing, found, (own.low, own.high), own.action, before)
    _last = thing.session_uid, before, after


def _low_moved(own: types.Criteria, _context: bpy.types.Context) -> None:
    if own.low > own.high:
        own.high = own.low  # which selects
    else:
        _moved(own)


def _high_moved(own: types.Criteria, _context: bpy.types.Context) -> None:
    if own.high < own.low:
        own.low = own.high  # which selects
    else:
        _moved(own)


def _begun(_own: types.Criteria, _context: bpy.types.Context) -> None:
    """What is selected now stays, and the next is added to it."""
    global _last
    _last = None


def _chosen(own: types.Criteria, context: bpy.types.Context) -> None:
    """Begin with the whole axis of another criterion. Nothing is selected yet."""
    global _quiet
    from . import splats

    _begun(own, context)
    found = measured(own.id_data, compare=True) if splats.is_splats(own.id_data) else None
    if found is None:
        return
    _quiet = True
    try:
        own.low, own.high = found.axis.value(0), found.axis.value(1)
    finally:
        _quiet = False


def _place(own: types.Criteria, value: float) -> float:
    import numpy as np

    found = measured(own.id_data)
    return float(found.axis.places(np.array([value], np.float32))[0]) if found else 0.0


def _left(own: types.Criteria) -> float:
    return _place(own, own.low)


def _right(own: types.Criteria) -> float:
    return _place(own, own.high)


def _set_left(own: types.Criteria, place: float) -> None:
    if (found := measured(own.id_data)) is not None:
        own.low = found.axis.value(place)


def _set_right(own: types.Criteria, place: float) -> None:
    if (found := measured(own.id_data)) is not None:
        own.high = found.axis.value(place)


def _names(own: types.Criteria, _context: bpy.types.Context, typed: str) -> list[str]:
    from . import splats

    names = splats.extra_names(own.id_data.data)
    return [name for name in names if typed.lower() in name.lower()]


class LudvigCriteria(bpy.types.PropertyGroup):
    """What splats are selected by. Moving a bound selects."""

    what: EnumProperty(name="Select By", items=CRITERIA, default="OPACITY", update=_chosen)
    action: EnumProperty(name="Action", items=ACTIONS, default="SET", update=_begun)
    attribute: StringProperty(
        name="Attribute",
        description="The attribute with the numbers. If empty, the scores of the active segment",
        search=_names,
        search_options={"SUGGESTION"},
        update=_chosen,
    )
    color: FloatVectorProperty(
        name="Color",
        description="The color that others are compared with",
        subtype="COLOR_GAMMA",
        min=0,
        max=1,
        default=(0.5, 0.5, 0.5),
        update=_moved,
    )
    low: FloatProperty(
        name="Minimum", description="Splats with less are not selected",
        default=0.0, soft_min=0, soft_max=1, step=1, precision=4, update=_low_moved,
    )  # fmt: skip
    high: FloatProperty(
        name="Maximum", description="Splats with more are not selected",
        default=1.0, soft_min=0, soft_max=1, step=1, precision=4, update=_high_moved,
    )  # fmt: skip
    left: FloatProperty(
        name="Minimum", description="Where the minimum is in the histogram",
        subtype="FACTOR", min=0, max=1, options={"SKIP_SAVE"},
        get=_left, set=_set_left,
    )  # fmt: skip
    right: FloatProperty(
        name="Maximum", description="Where the maximum is in the histogram",
        subtype="FACTOR", min=0, max=1, options={"SKIP_SAVE"},
        get=_right, set=_set_right,
    )  # fmt: skip


PLACE = (bpy.types.Object, "ludvig_criteria")  # the property that every object gets


def register() -> None:
    bpy.utils.register_class(LudvigCriteria)
    setattr(*PLACE, PointerProperty(type=LudvigCriteria))


def unregister() -> None:
    global _last
    _last = None
    delattr(*PLACE)
    bpy.utils.unregister_class(LudvigCriteria)
