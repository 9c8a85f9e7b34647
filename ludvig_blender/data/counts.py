"""How many splats are selected, or belong to a segment: counted when first asked for after a change.

The panel asks with every redraw, and counting takes a millisecond per million splats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from . import changes

_known: dict[tuple[Any, ...], int] = {}  # by session uid and what was counted
_version = (-1, -1)  # of `changes`, that they were counted at


def selected(thing: Any) -> int:
    """The selected splats of an object."""

    def count() -> int:
        from . import splats

        return int(splats.selection(thing.data).sum())

    return _counted(thing, ("selected",), count)


def hidden(thing: Any) -> int:
    """The splats of an object that the viewport leaves out."""

    def count() -> int:
        from . import segments

        return int(segments.hidden(thing).sum())

    return _counted(thing, ("hidden",), count)


def members(thing: Any, segment: Any) -> int:
    """The splats that belong to a segment."""

    def count() -> int:
        from . import segments

        return int(segments.mask(thing, segment).sum())

    return _counted(thing, (segment.attribute, segment.threshold), count)


def _counted(thing: Any, what: tuple[Any, ...], count: Callable[[], int]) -> int:
    global _version
    if bpy.app.background:  # no dependency graph tells a script what it has changed
        return count()
    if _version != (changes.version, changes.written):
        _version = (changes.version, changes.written)
        _known.clear()
    key = (thing.session_uid, *what)
    if key not in _known:
        _known[key] = count()
    return _known[key]
