"""Part or whole: what else the first click of a segment may mean, kept with the object.

The engine answers a click with all readings of it at once, which are nested: per splat, how many of
them leave it out. So switching between them asks no engine. Whatever else writes scores to a
segment settles what it is, and there are no readings any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..maths.segment_sets import mirrored
from . import attributes, segments

if TYPE_CHECKING:
    from ...ludvig_engine.wire import methods
    from .types import Segment, SplatObject


def keep(thing: SplatObject, segment: Segment, answer: methods.Segment) -> None:
    """Store the readings, or the guess, of an answer whose scores have been written."""
    segment.reading = answer.reading
    if answer.levels is not None:
        attributes.put(thing.data, _name(segment), "INT", answer.levels)
        segment.readings = " ".join(map(str, answer.readings))
    if answer.guess is not None and (answer.scores > np.float32(answer.guess)).any():
        segment.guess = answer.guess


def steps(segment: Segment) -> list[int]:
    """The readings from part to whole, in steps from the best guess; none: there is no choice."""
    return [int(step) for step in segment.readings.split()]


def beside(segment: Segment, step: int) -> int | None:
    """The reading that is `step` places further towards the whole; None if there is none."""
    found = steps(segment)
    if segment.reading not in found:
        return None
    place = found.index(segment.reading) + step
    return found[place] if 0 <= place < len(found) else None


def switch(thing: SplatObject, segment: Segment, reading: int) -> None:
    """Select another reading, which must be one of `steps`: 10 ms per million splats."""
    levels, values = attributes.get(thing.data, _name(segment)), segments.scores(thing, segment)
    assert levels is not None
    assert values is not None
    chosen = levels <= steps(segment).index(reading)
    changed = mirrored(values, segment.threshold, chosen)
    attributes.put(thing.data, segment.attribute, "FLOAT", changed)
    segment.reading = reading
    segments.select(thing, segment)


def select_guess(thing: SplatObject, segment: Segment) -> None:
    """Select the best guess at words that were not found."""
    guess, segment.guess = segment.guess, -1
    segment.threshold = guess  # which selects the splats
    segments.select(thing, segment)


def _name(segment: Segment) -> str:
    return f"{segments.LEVELS}{segment.number}"
