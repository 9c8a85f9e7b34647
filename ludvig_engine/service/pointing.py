"""Clicks and boxes that a SAM turns into masks, out of the protocol's prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..arrays import Array, Bool
from ..sam.proposing import Mark
from ..scene import Scene
from ..segmentation.prepared import Prepared
from ..wire.methods import Prompt
from ..wire.prompt_kinds import KINDS
from . import canvas
from .drawn import Drawn


class Given(NamedTuple):
    """Some of a request's prompts, and which Gaussians were shown at each of them."""

    prompts: tuple[Prompt, ...] = ()
    visible: Bool[Array, "F P"] | None = None


def divided(given: Given) -> tuple[Given, Given]:
    """The prompts that a SAM can take, and the others."""
    takes = np.array([_takes(prompt) for prompt in given.prompts], bool)

    def some(which: Bool[Array, " P"]) -> Given:
        chosen = tuple(given.prompts[n] for n in np.flatnonzero(which))
        visible = given.visible
        # A wrong number of columns is left for `shown_at` to refuse.
        if visible is not None and visible.shape[1] == len(which):
            visible = visible[:, which]
        return Given(chosen, visible)

    return (some(takes), some(~takes)) if takes.any() else (Given(), given)


def _takes(prompt: Prompt) -> bool:
    """Whether a SAM can take a prompt.

    It knows no places in space, nothing that is hidden, and no boxes beside the object.
    """
    shape = KINDS[prompt.kind].pointing
    on_surface = prompt.pixels is not None and not prompt.through
    return on_surface and (shape == "click" or (shape == "box" and prompt.positive))


def marks(scene: Scene, prepared: Prepared, given: Given, drawn: Drawn) -> list[Mark]:
    """Prompts as marks on what a SAM can be shown. Raises `EngineError` as `read_prompts` does."""
    shown = canvas.shown_at(scene, given.prompts, given.visible)
    return [
        _mark(scene, prepared, prompt, rows, drawn)
        for prompt, rows in zip(given.prompts, shown, strict=True)
    ]


def _mark(
    scene: Scene, prepared: Prepared, prompt: Prompt, rows: Bool[Array, " N"] | None, drawn: Drawn
) -> Mark:
    on = canvas.canvas_of(scene, prompt)
    picture = on.picture(prepared, rows)
    box = KINDS[prompt.kind].pointing == "box"
    assert prompt.pixels is not None
    pixels: Sequence[Sequence[float]] = (
        np.clip(prompt.pixels, 0, np.array(on.size) - 1) if box else prompt.pixels
    ).tolist()
    places = np.array([on.point(x, y) for x, y in pixels])
    places *= picture.camera.width / on.camera.width
    paint = None if box else canvas.painted(scene, prompt, rows, drawn)
    return Mark(picture, places, prompt.positive, box, paint)
