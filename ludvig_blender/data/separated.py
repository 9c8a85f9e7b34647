"""What an object has that was separated from another one: its own splats' segments and origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import attributes, extent, frame, parts, segments, sights

if TYPE_CHECKING:
    from .types import SplatObject


def settle(thing: SplatObject, number: int | None) -> None:
    """Leave a separated object what is its own, and put its origin into its middle.

    `number` is that of the segment that it was made of, the only one to stay. None: it was made of
    other splats, and the segments stay that some of them belong to.
    """
    for other in [segment.number for segment in thing.ludvig.segments]:
        segment = segments.find(thing, other)
        assert segment is not None
        gone = not segments.mask(thing, segment).any() if number is None else other != number
        if gone:
            segments.remove(thing, segment)
    if number is not None:
        thing.ludvig.active_segment = 0
        # It is no part of a hierarchy any more, which the slider would cut again.
        thing.ludvig.hierarchy = ""
        attributes.drop(thing.data, parts.LEAF)
        for segment in thing.ludvig.segments:
            segment.leaf = segment.node = -1
    # They are children of the other object; this one would replace them when it loads its own.
    thing.ludvig_capture.cameras = None
    sights.tidy(thing)
    frame.center(thing)
    extent.renew(thing)
