"""Turn the protocol's prompts into paint on cameras, and into evidence for prompts in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..io.photos import photo_point, to_camera
from ..sam.looks import Picture
from ..scene import Camera, Scene, View
from ..segmentation import painting
from ..segmentation.paint import Paint
from ..segmentation.painting import Evidence
from ..segmentation.prepared import Prepared
from ..wire.methods import Prompt, Viewport
from ..wire.prompt_kinds import KINDS
from . import points
from .drawn import Drawn
from .prompt_limits import check_prompts

# Paint on a viewport is lifted in a camera with at most this long side in pixels, like photos.
MAX_SIDE = 1600
# The near plane of a viewport, as a share of the scene's size.
NEAR = 1e-3


def read_prompts(
    scene: Scene,
    given: Sequence[Prompt],
    visible: Bool[Array, "F P"] | None = None,
    drawn: Drawn | None = None,
) -> tuple[list[Paint], Evidence | None]:
    """The paint of the prompts, and the evidence of those in space, or None if there are none.

    Prompts that are `drawn` already are not drawn again.

    Texts are left to words.py. `visible` tells which of the F rows of the file were shown when each
    of the P prompts was made. Raises `EngineError`: "bad_input" without prompts, for too much or a
    point outside the picture, "bad_request" for invalid values.
    """
    check_prompts(given)
    placed, paints = [], []
    drawn = Drawn() if drawn is None else drawn
    for prompt, rows in zip(given, shown_at(scene, given, visible), strict=True):
        if prompt.points is not None:
            seen = painting.shown(scene.gaussians, rows)
            placed.append(KINDS[prompt.kind].load().place(seen, prompt))
        elif not KINDS[prompt.kind].words:
            paints.append(painted(scene, prompt, rows, drawn))
    return paints, points.joined_evidence(placed)


def shown_at(
    scene: Scene, given: Sequence[Prompt], visible: Bool[Array, "F P"] | None
) -> list[Bool[Array, " N"] | None]:
    """Which Gaussians were shown at each prompt; None: all of them.

    Raises `EngineError` "bad_request" if `visible` has another number of columns.
    """
    if visible is None:
        return [None] * len(given)
    if visible.shape[1] != len(given):
        raise EngineError(
            "bad_request",
            f"visible has {visible.shape[1]} columns, but there are {len(given)} prompts.",
        )
    return list(scene.from_file(visible).T)


def painted(scene: Scene, prompt: Prompt, rows: Bool[Array, " N"] | None, drawn: Drawn) -> Paint:
    """The paint of a prompt that was made while only `rows` were shown."""
    return drawn.paint(prompt, rows, partial(_paint, scene, prompt, rows))


def _paint(scene: Scene, prompt: Prompt, visible: Bool[Array, " N"] | None) -> Paint:
    paint: Paint = KINDS[prompt.kind].load().paint(canvas_of(scene, prompt), prompt)
    return replace(paint, visible=visible, through=prompt.through, reading=prompt.reading)


def canvas_of(scene: Scene, prompt: Prompt) -> _Photo | _Viewport:
    """What a prompt was drawn on. Raises `EngineError` "not_found" for an unknown view."""
    if prompt.viewport:
        return _Viewport(scene, prompt.viewport)
    return _Photo(scene.view(prompt.view))


class _Photo:
    """A view that is painted on in pixels of its photo file."""

    def __init__(self, view: View) -> None:
        self._view, self.camera = view, view.camera
        self.size = view.camera.width, view.camera.height
        if all(view.photo_size):
            self.size = view.photo_size
        self.scale = view.camera.width / self.size[0]

    def point(self, x: float, y: float) -> tuple[float, float]:
        return photo_point(self._view, x, y)

    def image(self, mask: Bool[Array, "h w"]) -> Float[Array, "H W"]:
        _check_size(mask, self.size, f"the photo {self._view.name}")
        return to_camera(mask.astype(np.float32), self._view)

    def picture(self, _prepared: Prepared, visible: Bool[Array, " N"] | None) -> Picture:
        """What a SAM is shown of it."""
        return Picture.of_view(self._view, visible)


class _Viewport:
    """A camera without a photo that is painted on in its own pixels."""

    def __init__(self, scene: Scene, viewport: Viewport) -> None:
        # An editor shows things from closer than photos are taken, in front of the near plane.
        # Scaling camera space leaves the picture as it is and moves them behind that plane.
        means = scene.gaussians.means
        some = means[:: max(len(means) // 10_000, 1)]
        low, high = np.percentile(some, [5, 95], axis=0)
        size = float(np.linalg.norm(high - low))
        viewmat = viewport.viewmat.copy()
        viewmat[:3] *= max(scene.raster.near / max(NEAR * size, 1e-12), 1)
        camera = Camera(viewmat, viewport.K, viewport.width, viewport.height)
        self.size = viewport.width, viewport.height
        self.scale = min(1, MAX_SIDE / max(self.size))
        width, height = (max(round(side * self.scale), 1) for side in self.size)
        self.camera = camera.resized(width, height)

    def point(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise EngineError(
                "bad_input",
                f"The point ({x:g}, {y:g}) is outside the viewport of {width}x{height} pixels.",
            )
        return (x + 0.5) * self.camera.width / width, (y + 0.5) * self.camera.height / height

    def image(self, mask: Bool[Array, "h w"]) -> Float[Array, "H W"]:
        _check_size(mask, self.size, "the viewport")
        view = View("viewport", self.camera, photo_size=self.size)
        return to_camera(mask.astype(np.float32), view)

    def picture(self, prepared: Prepared, visible: Bool[Array, " N"] | None) -> Picture:
        """What a SAM is shown of it."""
        return Picture.rendered(prepared, self.camera, visible)


def _check_size(mask: Bool[Array, "h w"], size: tuple[int, int], what: str) -> None:
    if mask.shape != (size[1], size[0]):
        raise EngineError(
            "bad_request",
            f"A mask is {mask.shape[1]}x{mask.shape[0]} pixels, but {what} {size[0]}x{size[1]}.",
        )
