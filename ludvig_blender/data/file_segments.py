"""Segments in splat files: what an export says of them, and what an import makes of that.

The scores are a property of each splat. What else there is to a segment stands in the header, in a
comment of one line:

    comment ludvig_segment {"property": "ludvig_my_pot", "name": "my pot", "color": [1.0, 0.5, 0.1],
                            "certainty": 0.4}

So another program may remove splats or bring them into another order. If it drops the comments, the
scores are still known by the names of their properties. All but `add` runs in threads too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..translation.say import say_report
from . import segments

if TYPE_CHECKING:
    from ...ludvig_engine.io.activation import Splats
    from .types import SplatObject

MARK = "comment ludvig_segment "
USUAL = 0.5  # the certainty of scores of which nothing else is known


@dataclass(frozen=True)
class Kept:
    """A segment in a file."""

    name: str
    threshold: float
    color: tuple[float, ...] | None  # (3,), None: it gets one of its own


def comment(property_: str, kept: Kept) -> str:
    """The line of a header that says what a segment is whose scores are `property_`."""
    known = {
        "property": property_,
        "name": kept.name,
        "color": kept.color,
        "certainty": kept.threshold,
    }
    return MARK + json.dumps(known)  # which is ASCII, and has no line break


def property_name(attribute: str, taken: Iterable[str]) -> str:
    """A name that a PLY takes for a column, and that is not taken."""
    stem = "_".join(attribute.removeprefix("ply_").split())
    number, found = 1, stem
    while found in taken:
        number += 1
        found = f"{stem}_{number}"
    return found


def add(thing: SplatObject, restored: Sequence[Kept]) -> None:
    """Add the segments of a file, whose scores the splats have. Nothing is selected."""
    for kept in restored:
        segments.add(thing, kept.name, threshold=kept.threshold, color=kept.color)
    thing.ludvig.active_segment = 0


def restored(file: Splats) -> tuple[Splats, tuple[Kept, ...]]:
    """The content of a file with its scores called as attributes are, and the segments they make.

    Notes of the result say what is missing.
    """
    said, notes = _said(file.comments)
    extras = dict(file.extras)
    guessed = [name for name in extras if name not in said and _are_scores(name, extras[name])]
    for name in guessed:
        said[name] = Kept(name.removeprefix(segments.PREFIX), USUAL, None)
    gone = [kept.name for name, kept in said.items() if name not in extras]
    found: dict[str, Kept] = {}
    scores = {name: extras.pop(name) for name in said if name in extras}
    for name, values in scores.items():
        # Not that of another attribute either.
        others = {other.removeprefix(segments.PREFIX) for other in extras}
        own = segments.unique(said[name].name, others | found.keys())
        found[own] = replace(said[name], name=own)
        extras[segments.PREFIX + own] = values
    if guessed:
        what = "The file no longer says how certain {names} must be: {usual} is assumed."
        notes.append(say_report(what, names=_listed(guessed), usual=USUAL))
    if gone:
        what = "The file no longer has the scores of {names}."
        notes.append(say_report(what, names=_listed(gone)))
    changed = replace(file, extras=extras, notes=(*file.notes, *notes))
    return changed, tuple(found.values())


def _said(comments: Sequence[str]) -> tuple[dict[str, Kept], list[str]]:
    """The segments in comments, by the property with the scores, and notes on what is damaged."""
    said: dict[str, Kept] = {}
    damaged = 0
    for line in comments:
        if line.startswith(MARK):
            try:
                said |= _parsed(line.removeprefix(MARK))
            except (ValueError, TypeError, KeyError, RecursionError):
                damaged += 1
    if not damaged:
        return said, []
    what = "Damaged comments on segments in the file, which were not used: {count}."
    return said, [say_report(what, count=damaged)]


def _parsed(text: str) -> dict[str, Kept]:
    """The one segment of a comment. Raises an error if it is anything else."""
    known: Mapping[str, object] = json.loads(text)
    name, property_ = known["name"], known["property"]
    color = known["color"]
    if not (isinstance(name, str) and isinstance(property_, str) and isinstance(color, list)):
        raise TypeError(text)
    red, green, blue = map(float, color)
    threshold = float(str(known["certainty"]))
    if not all(map(math.isfinite, (red, green, blue, threshold))):
        raise ValueError(text)
    return {property_: Kept(name, threshold, (red, green, blue))}


def _are_scores(name: str, values: np.ndarray) -> bool:
    """Whether a property is that of an exported segment. Values of damaged rows do not count."""
    if not name.startswith(segments.PREFIX) or name == segments.PREFIX:
        return False
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool(finite.min() >= 0) and bool(finite.max() <= 1)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name.removeprefix(segments.PREFIX)}"' for name in names)
