"""The segments of a splat object: named scores, thresholds, and the selection they give.

A segment is the float attribute `ludvig_<name>` with scores 0..1; splats with a higher score than the threshold belong
to it. Splats may belong to several segments. Where one color has to be shown, or overlaps are removed, a splat goes to
the segment whose threshold its score exceeds by most, the upper one in the list if equal.
"""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np

from ..maths.segment_sets import attained
from . import attributes, changes, node_group, splats

PREFIX = "ludvig_"
LONGEST = 56  # bytes of a segment's name: Blender's attribute names end at 67, and copies are called name.001
GOLDEN = 0.618034  # of the colour circle: every new hue falls into the widest gap


def active(thing: Any) -> Any:
    """The segment that is chosen in the list, or None."""
    own = thing.ludvig
    return own.segments[own.active_segment] if 0 <= own.active_segment < len(own.segments) else None


def find(thing: Any, number: int) -> Any:
    """The segment of this number, which it keeps when others are removed; None if it is gone."""
    return next((segment for segment in thing.ludvig.segments if segment.number == number), None)


def add(thing: Any, name: str = "Segment") -> Any:
    """A new, empty segment, which becomes the active one."""
    own = thing.ludvig
    number = max((segment.number for segment in own.segments), default=0) + 1
    segment = own.segments.add()
    segment.number = number
    segment.name = name
    segment.color = colorsys.hsv_to_rgb((0.08 + GOLDEN * (number - 1)) % 1, 0.75, 0.95)
    own.active_segment = len(own.segments) - 1
    return segment


def remove(thing: Any, segment: Any) -> None:
    """Take a segment off the list, and its scores off the splats."""
    own = thing.ludvig
    attributes.drop(thing.data, segment.attribute)
    index = next(n for n, other in enumerate(own.segments) if other.number == segment.number)
    own.segments.remove(index)
    own.active_segment = min(
        own.active_segment - (own.active_segment > index), len(own.segments) - 1
    )
    changed(thing)


def renamed(segment: Any) -> None:
    """After a change of the name: make it possible and unique, and let the attribute follow."""
    thing = segment.id_data
    taken = {other.name for other in thing.ludvig.segments if other.number != segment.number}
    wanted = unique(segment.name, taken)
    if wanted != segment.name:
        segment.name = wanted  # and this is called again
        return
    old, new = segment.attribute, PREFIX + wanted
    if old == new:
        return
    if scores(thing, segment) is not None:
        attributes.drop(thing.data, new)  # of no segment: left over
        thing.data.attributes[old].name = new
    segment.attribute = new
    node_group.follow(segment, old)
    changes.tell(thing)


def unique(name: str, taken: set[str]) -> str:
    """A name like the wanted one that is short enough and not taken."""
    stem = name.strip().encode()[:LONGEST].decode(errors="ignore").strip() or "Segment"
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem} {number}"
    return found


def scores(thing: Any, segment: Any) -> np.ndarray | None:
    """The scores (N,), or None if nothing was found yet."""
    values = attributes.get(thing.data, segment.attribute) if segment.attribute else None
    return (
        values if values is not None and values.dtype == np.float32 and values.ndim == 1 else None
    )


def mask(thing: Any, segment: Any) -> np.ndarray:
    """Which splats belong to a segment, (N,) bool."""
    values = scores(thing, segment)
    return (
        np.zeros(attributes.count(thing.data), bool)
        if values is None
        else values > np.float32(segment.threshold)
    )


def write(thing: Any, segment: Any, values: np.ndarray, threshold: float) -> None:
    """Store scores (N,) and select what exceeds the threshold."""
    attributes.put(thing.data, segment.attribute, "FLOAT", values)
    segment.threshold = threshold  # selects, if it is another
    select(thing, segment)


def empty(thing: Any, segment: Any) -> None:
    """Forget the scores of a segment; nothing is selected then."""
    attributes.drop(thing.data, segment.attribute)
    select(thing, segment)


def select(thing: Any, segment: Any) -> None:
    """Select the splats of a segment that are shown, and no others: 3 ms per million splats."""
    splats.set_selection(thing.data, mask(thing, segment) & ~hidden(thing))
    changed(thing)


def selection_shown(thing: Any, segment: Any) -> bool:
    """Whether exactly the splats of a segment are selected, those that are shown."""
    return bool(np.array_equal(splats.selection(thing.data), mask(thing, segment) & ~hidden(thing)))


def assign(thing: Any, segment: Any, chosen: np.ndarray) -> None:
    """Let exactly these splats, (N,) bool, belong to a segment; scores change no more than they must."""
    values = scores(thing, segment)
    if values is None:
        write(thing, segment, chosen.astype(np.float32), 0.5)
    else:
        write(thing, segment, attained(values, segment.threshold, chosen), segment.threshold)


def owners(thing: Any) -> np.ndarray:
    """The index of the segment each splat goes to where segments overlap, (N,); -1: it belongs to none."""
    best = np.zeros(attributes.count(thing.data), np.float32)
    owner = np.full(len(best), -1, np.int32)
    for index, segment in enumerate(thing.ludvig.segments):
        if (values := scores(thing, segment)) is not None:
            margin = values - np.float32(segment.threshold)
            further = margin > best
            best[further], owner[further] = margin[further], index
    return owner


def hide(thing: Any, chosen: np.ndarray | None) -> None:
    """Let the viewport leave out these splats, (N,) bool, and deselect them; None: show all."""
    if chosen is None or not chosen.any():
        attributes.drop(thing.data, splats.HIDDEN)
    else:
        attributes.put(thing.data, splats.HIDDEN, "BOOLEAN", chosen)
        splats.set_selection(thing.data, splats.selection(thing.data) & ~chosen)
    thing.data.update_tag()
    changed(thing)


def hidden(thing: Any) -> np.ndarray:
    """Which splats the viewport leaves out, (N,) bool."""
    known = attributes.get(thing.data, splats.HIDDEN)
    return np.zeros(attributes.count(thing.data), bool) if known is None else known


def changed(thing: Any) -> None:
    """After writing: what was counted and drawn is out of date."""
    changes.tell(thing)
