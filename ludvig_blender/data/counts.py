"""How many splats are selected, hidden or in a segment, counted again only after a change.

The panel asks at every redraw, and counting takes a millisecond per million splats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from . import changes

if TYPE_CHECKING:
    from .types import Segment, SplatObject

_known: dict[tuple[object, ...], int] = {}  # by session uid and what was counted
_version = (-1, -1)  # of `changes`, at which they were counted


def selected(thing: SplatObject) -> int:
    """How many splats of an object are selected."""

    def count() -> int:
        from . import splats

        return int(splats.selection(thing.data).sum())

    return _counted(thing, ("selected",), count)


def hidden(thing: SplatObject) -> int:
    """How many splats of an object are hidden in the viewport."""

    def count() -> int:
        from . import segments

        return int(segments.hidden(thing).sum())

    return _counted(thing, ("hidden",), count)


def members(thing: SplatObject, segment: Segment) -> int:
    """How many splats belong to a segment."""

    def count() -> int:
        from . import segments

        return int(segments.mask(thing, segment).sum())

    return _counted(thing, (segment.attribute, segment.threshold), count)


def _counted(thing: SplatObject, what: tuple[object, ...], count: Callable[[], int]) -> int:
    global _version
    # In the background nothing notifies us of what a script changes, so nothing is kept.
    if bpy.app.background:
        return count()
    if _version != changes.state():
        _version = changes.state()
        _known.clear()
    key = (thing.session_uid, *what)
    if key not in _known:
        _known[key] = count()
    return _known[key]
