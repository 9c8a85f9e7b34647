"""The segments of a splat object: named scores, thresholds, and the selection they give.

A segment is the float attribute `ludvig_<name>` with scores 0..1; splats with a score above the
threshold belong to it. A splat may belong to several segments. Where only one can be shown, or
overlaps are removed, a splat goes to the segment whose threshold its score exceeds by most; among
equals, to the upper one in the list.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...ludvig_engine.errors import EngineError
from ..maths.segment_sets import attained
from . import attributes, changes, masking, node_group, splats

if TYPE_CHECKING:
    from .types import Segment, SplatObject

PREFIX = "ludvig_"
LEVELS = ".ludvig_levels_"  # of readings (readings.py), by the number of the segment
# Bytes of a segment's name. Blender cuts attribute names at 67 bytes, and the prefix and a suffix
# as in "name.001" must fit too.
LONGEST = 56
# The step of hue from segment to segment, as a part of the color circle: with the golden ratio
# every new hue falls into the widest gap.
GOLDEN = 0.618034


def active(thing: SplatObject) -> Segment | None:
    """The segment that is chosen in the list, or None."""
    own = thing.ludvig
    return own.segments[own.active_segment] if 0 <= own.active_segment < len(own.segments) else None


def find(thing: SplatObject, number: int) -> Segment | None:
    """The segment with this number, which never changes; None if the segment is gone."""
    return next((segment for segment in thing.ludvig.segments if segment.number == number), None)


def required(thing: SplatObject, number: int) -> Segment:
    """The segment with this number. Raises `EngineError` if it was removed."""
    found = find(thing, number)
    if found is None:
        raise EngineError("gone", "The segment was removed, so its result was dropped.")
    return found


def add(
    thing: SplatObject,
    name: str = "Segment",
    *,
    threshold: float = 0.5,
    color: Sequence[float] | None = None,
) -> Segment:
    """A new segment, which becomes the active one. It has the scores `ludvig_<name>`, if any."""
    own = thing.ludvig
    number = max((segment.number for segment in own.segments), default=0) + 1
    segment = own.segments.add()
    segment.number = number
    # Before it has scores, whose splats a change of it would select.
    segment.threshold = threshold
    segment.name = name
    hue = (0.08 + GOLDEN * (number - 1)) % 1
    segment.color = color or colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    own.active_segment = len(own.segments) - 1
    return segment


def remove(thing: SplatObject, segment: Segment) -> None:
    """Remove a segment from the list, and its scores from the splats."""
    own = thing.ludvig
    attributes.drop(thing.data, segment.attribute)
    settle(thing, segment)
    index = next(n for n, other in enumerate(own.segments) if other.number == segment.number)
    own.segments.remove(index)
    own.active_segment = min(
        own.active_segment - (own.active_segment > index), len(own.segments) - 1
    )
    changed(thing)


def renamed(segment: Segment) -> None:
    """After a change of the name: make it valid and unique, and rename the attribute too."""
    thing = segment.id_data
    taken = {other.name for other in thing.ludvig.segments if other.number != segment.number}
    wanted = unique(segment.name, taken)
    if wanted != segment.name:
        segment.name = wanted  # which calls this function again
        return
    old, new = segment.attribute, PREFIX + wanted
    if old == new:
        return
    if scores(thing, segment) is not None:
        attributes.drop(thing.data, new)  # a leftover, of no segment
        thing.data.attributes[old].name = new
    segment.attribute = new
    node_group.follow(segment, old)
    changes.tell(thing)


def unique(name: str, taken: set[str]) -> str:
    """The wanted name, cut if it is too long, with a number if it is taken."""
    stem = name.strip().encode()[:LONGEST].decode(errors="ignore").strip() or "Segment"
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem} {number}"
    return found


def scores(thing: SplatObject, segment: Segment) -> np.ndarray | None:
    """The scores (N,), or None if nothing was found yet."""
    values = attributes.get(thing.data, segment.attribute) if segment.attribute else None
    usable = values is not None and values.dtype == np.float32 and values.ndim == 1
    return values if usable else None


def mask(thing: SplatObject, segment: Segment) -> np.ndarray:
    """Which splats belong to a segment, (N,) bool."""
    values = scores(thing, segment)
    if values is None:
        return np.zeros(attributes.count(thing.data), bool)
    return values > np.float32(segment.threshold)


def write(thing: SplatObject, segment: Segment, values: np.ndarray, threshold: float) -> None:
    """Store scores (N,) and select the splats above the threshold. The segment is no part then."""
    segment.leaf = segment.node = -1
    settle(thing, segment)
    attributes.put(thing.data, segment.attribute, "FLOAT", values)
    segment.threshold = threshold  # selects the splats, if it changes
    select(thing, segment)


def empty(thing: SplatObject, segment: Segment) -> None:
    """Delete the scores of a segment; nothing is selected then."""
    settle(thing, segment)
    attributes.drop(thing.data, segment.attribute)
    select(thing, segment)


def settle(thing: SplatObject, segment: Segment) -> None:
    """Forget what else the prompts of a segment may mean: its scores are no longer the engine's."""
    attributes.drop(thing.data, f"{LEVELS}{segment.number}")
    segment.readings, segment.guess = "", -1


def select(thing: SplatObject, segment: Segment) -> None:
    """Select exactly the splats of a segment that are not hidden: 3 ms per million splats."""
    splats.set_selection(thing.data, mask(thing, segment) & ~hidden(thing))
    changed(thing)


def selection_shown(thing: SplatObject, segment: Segment) -> bool:
    """Whether exactly the splats of a segment that are not hidden are selected."""
    return bool(np.array_equal(splats.selection(thing.data), mask(thing, segment) & ~hidden(thing)))


def assign(thing: SplatObject, segment: Segment, chosen: np.ndarray) -> None:
    """Let exactly these splats, (N,) bool, belong to a segment, with the least change of scores."""
    values = scores(thing, segment)
    if values is None:
        write(thing, segment, chosen.astype(np.float32), 0.5)
    else:
        write(thing, segment, attained(values, segment.threshold, chosen), segment.threshold)


def reselect(thing: SplatObject, chosen: np.ndarray, *, with_segment: bool) -> None:
    """Select exactly these splats, (N,) bool, but for hidden ones, which stay as they are.

    With `with_segment`, the active segment then consists of them: call it so if exactly its splats
    were selected before, as `selection_shown` says.
    """
    segment, gone = active(thing), hidden(thing)
    if with_segment and segment is not None:
        assign(thing, segment, np.where(gone, mask(thing, segment), chosen))
        return
    splats.set_selection(thing.data, chosen & ~gone)
    changed(thing)


def owners(thing: SplatObject) -> np.ndarray:
    """The index of the one segment that each splat goes to, (N,); -1 where it belongs to none."""
    best = np.zeros(attributes.count(thing.data), np.float32)
    owner = np.full(len(best), -1, np.int32)
    for index, segment in enumerate(thing.ludvig.segments):
        if (values := scores(thing, segment)) is not None:
            margin = values - np.float32(segment.threshold)
            further = margin > best
            best[further], owner[further] = margin[further], index
    return owner


def owner(thing: SplatObject, row: int) -> Segment | None:
    """The one segment that a splat goes to, as `owners` says; None if it belongs to none."""
    best, found = 0.0, None
    for segment in thing.ludvig.segments:
        values = thing.data.attributes.get(segment.attribute) if segment.attribute else None
        if values is None or values.data_type != "FLOAT":
            continue
        margin = float(values.data[row].value) - segment.threshold
        if margin > best:
            best, found = margin, segment
    return found


def hide(thing: SplatObject, chosen: np.ndarray | None) -> None:
    """Hide these splats, (N,) bool, in the viewport and deselect them; None: show all."""
    if chosen is None or not chosen.any():
        attributes.drop(thing.data, splats.HIDDEN)
    else:
        attributes.put(thing.data, splats.HIDDEN, "BOOLEAN", chosen)
        splats.set_selection(thing.data, splats.selection(thing.data) & ~chosen)
    masking.follow(thing)
    thing.data.update_tag()
    changed(thing)


def hidden(thing: SplatObject) -> np.ndarray:
    """Which splats are hidden in the viewport, (N,) bool."""
    known = attributes.get(thing.data, splats.HIDDEN)
    return np.zeros(attributes.count(thing.data), bool) if known is None else known


def changed(thing: SplatObject) -> None:
    """Call this after writing: what was counted and drawn is out of date."""
    changes.tell(thing)
