"""Which splats were hidden when a prompt was made.

A prompt concerns what was visible then, whatever is hidden or shown later.

Stored as boolean attributes, which follow the splats. Prompts made while the same splats were
hidden share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import attributes, segments, splats

if TYPE_CHECKING:
    from .types import Prompt, Segment, SplatObject

PREFIX = ".ludvig_unseen_"


def note(thing: SplatObject, prompt: Prompt) -> None:
    """Store with a new prompt which splats are hidden now."""
    now = segments.hidden(thing)
    prompt.unseen = _attribute(thing, now) if now.any() else ""


def visible(thing: SplatObject, segment: Segment) -> np.ndarray | None:
    """Which splats were visible at each prompt, (N, P) bool; None if none was ever hidden."""
    unseen = {
        prompt.unseen: attributes.get(thing.data, prompt.unseen)
        for prompt in segment.prompts
        if prompt.unseen
    }
    if not unseen:
        return None
    shown = np.ones((attributes.count(thing.data), len(segment.prompts)), bool)
    for column, prompt in enumerate(segment.prompts):
        if (then := unseen.get(prompt.unseen)) is not None:
            shown[:, column] = ~then
    return shown


def tidy(thing: SplatObject) -> None:
    """Remove the attributes that no prompt needs any more."""
    needed = {prompt.unseen for segment in thing.ludvig.segments for prompt in segment.prompts}
    for name in set(_names(thing)) - needed:
        attributes.drop(thing.data, name)


def _attribute(thing: SplatObject, unseen: np.ndarray) -> str:
    """The name of the attribute with these values, made if there is none."""
    taken = _names(thing)
    for name in taken:
        if np.array_equal(splats.required(thing.data, name), unseen):
            return name
    name = next(name for n in range(len(taken) + 1) if (name := f"{PREFIX}{n}") not in taken)
    attributes.put(thing.data, name, "BOOLEAN", unseen)
    return name


def _names(thing: SplatObject) -> list[str]:
    return [name for name in attributes.names(thing.data, "BOOLEAN") if name.startswith(PREFIX)]
