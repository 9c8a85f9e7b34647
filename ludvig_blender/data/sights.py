"""What was hidden when a prompt was made: it means what was seen then, also after everything is shown again.

Kept as boolean attributes, which follow the splats; prompts made in the same sight share one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import attributes, segments

PREFIX = ".ludvig_unseen_"


def note(thing: Any, prompt: Any) -> None:
    """Remember with a new prompt which splats are hidden now."""
    now = segments.hidden(thing)
    prompt.unseen = _attribute(thing, now) if now.any() else ""


def visible(thing: Any, segment: Any) -> np.ndarray | None:
    """Which splats were shown when each prompt of a segment was made, (N, P) bool; None if nothing was hidden."""
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


def tidy(thing: Any) -> None:
    """Drop what no prompt needs any more."""
    needed = {prompt.unseen for segment in thing.ludvig.segments for prompt in segment.prompts}
    for name in set(_names(thing)) - needed:
        attributes.drop(thing.data, name)


def _attribute(thing: Any, unseen: np.ndarray) -> str:
    """The name of the attribute with these values, made if there is none."""
    taken = _names(thing)
    for name in taken:
        if np.array_equal(attributes.get(thing.data, name), unseen):
            return name
    name = next(name for n in range(len(taken) + 1) if (name := f"{PREFIX}{n}") not in taken)
    attributes.put(thing.data, name, "BOOLEAN", unseen)
    return name


def _names(thing: Any) -> list[str]:
    return [name for name in attributes.names(thing.data, "BOOLEAN") if name.startswith(PREFIX)]
