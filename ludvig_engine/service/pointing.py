"""Clicks and boxes that a SAM turns into masks, out of the protocol's prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..arrays import Array, Bool, Float
from ..sam.looks import Picture
from ..sam.proposing import Mark
from ..scene import Camera, Scene
from ..segmentation.prepared import Prepared
from ..wire.methods import Prompt, Viewport
from ..wire.prompt_kinds import KINDS
from . import canvas
from .drawn import Drawn

# Pixels by which things at the usual distance may be off in a view that counts as a photo's camera.
# Editors keep matrices in single precision, which is a hundredth of that.
SAME_PLACE = 0.5


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
    box = KINDS[prompt.kind].pointing == "box"
    assert prompt.pixels is not None
    pixels: Sequence[Sequence[float]] = (
        np.clip(prompt.pixels, 0, np.array(on.size) - 1) if box else prompt.pixels
    ).tolist()
    places = np.array([on.point(x, y) for x, y in pixels])
    paint = None if box else canvas.painted(scene, prompt, rows, drawn)
    if prompt.viewport and (found := _on_photo(scene, prompt.viewport, on.camera, places, rows)):
        return Mark(*found, prompt.positive, box, paint)
    picture = on.picture(prepared, rows)
    places *= picture.camera.width / on.camera.width
    return Mark(picture, places, prompt.positive, box, paint)


def _on_photo(
    scene: Scene,
    viewport: Viewport,
    camera: Camera,
    places: Float[Array, "P 2"],
    rows: Bool[Array, " N"] | None,
) -> tuple[Picture, Float[Array, "P 2"]] | None:
    """The photo that an editor is looking through, and where these places of `camera` are in it.

    A photo is sharper than a render of the splats, and SAMs are trained on photos. None without
    one, if it does not reach that far, or if the splats are not what it shows: some are hidden, or
    they are not those of a file.
    """
    if scene.path is None or (rows is not None and not rows.all()):
        return None
    for view in scene.views:
        if view.photo is not None and _through(scene, viewport, view.camera):
            rays = np.linalg.inv(camera.K) @ np.append(places, np.ones((len(places), 1)), axis=1).T
            found = (view.camera.K @ rays)[:2].T
            size = np.array([view.camera.width, view.camera.height])
            if ((found >= 0) & (found < size)).all():
                return Picture.of_view(view), found
    return None


def _through(scene: Scene, viewport: Viewport, camera: Camera) -> bool:
    """Whether an editor looks through a photo's camera, whatever part of the picture it shows."""
    turn = viewport.viewmat[:3, :3] @ camera.viewmat[:3, :3].T - np.eye(3)
    place = camera.viewmat[:3, :3].T @ camera.viewmat[:3, 3]
    move = viewport.viewmat[:3, :3].T @ viewport.viewmat[:3, 3] - place
    angle = np.abs(turn).max() + np.linalg.norm(move) / scene.distance
    return bool(angle * max(camera.K[0, 0], camera.K[1, 1]) < SAME_PLACE)
