"""How each kind of prompt is painted on a camera or placed in space.

There is one class per row of wire/prompt_kinds.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..scene import Camera, Gaussians
from ..segmentation import painting
from ..segmentation.paint import Paint, cropped
from ..segmentation.painting import Evidence
from ..wire.methods import Prompt
from . import points


@runtime_checkable
class Canvas(Protocol):
    """A photo or a viewport that prompts are painted on, in its own pixels."""

    camera: Camera
    size: tuple[int, int]  # width and height in its own pixels
    scale: float  # pixels of the camera per own pixel

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Convert an own pixel to pixel coordinates of the camera, with centers at +0.5.

        Raises `EngineError` "bad_input" outside the picture.
        """

    def image(self, mask: Bool[Array, "h w"]) -> Float[Array, "H W"]:
        """Resample a mask in own pixels to the pixels of the camera."""


class Click:
    """Discs around pixels, or Gaussians near points. A pixel outside the picture is an error."""

    @staticmethod
    def paint(canvas: Canvas, prompt: Prompt) -> Paint:
        assert prompt.pixels is not None
        places = _places(canvas, prompt.pixels)
        radius = _radius(canvas, prompt)
        pieces = list(zip(places, places, strict=True))
        return painting.stroke(canvas.camera, pieces, radius=radius, positive=prompt.positive)

    @staticmethod
    def place(gaussians: Gaussians, prompt: Prompt) -> Evidence:
        assert prompt.points is not None
        return points.click(
            gaussians, prompt.points, radius=prompt.radius, positive=prompt.positive
        )


class Scribble:
    """A line through pixels or points, or a painted mask."""

    @staticmethod
    def paint(canvas: Canvas, prompt: Prompt) -> Paint:
        if prompt.mask is not None:
            return _strokes(canvas, prompt)
        line = _places(canvas, _inside(canvas, prompt))
        radius = _radius(canvas, prompt)
        return painting.line(canvas.camera, line, radius=radius, positive=prompt.positive)

    @staticmethod
    def place(gaussians: Gaussians, prompt: Prompt) -> Evidence:
        assert prompt.points is not None
        return points.line(gaussians, prompt.points, radius=prompt.radius, positive=prompt.positive)


class Mask:
    """The whole object in one picture.

    A positive mask also tells that everything beside it is not the object. A negative mask only
    tells that what it covers is not.
    """

    @staticmethod
    def paint(canvas: Canvas, prompt: Prompt) -> Paint:
        assert prompt.mask is not None
        if not prompt.mask.any():
            raise EngineError("bad_input", "The mask is empty.", ["Paint the whole object."])
        if not prompt.positive:
            return _strokes(canvas, prompt)
        return painting.mask(canvas.camera, canvas.image(prompt.mask))


class Box:
    """A rectangle around the object, or a box in space."""

    @staticmethod
    def paint(canvas: Canvas, prompt: Prompt) -> Paint:
        first, second = _places(canvas, _inside(canvas, prompt))
        paint = painting.box(canvas.camera, *first, *second)
        if prompt.positive:
            return paint
        return replace(paint, negative=1 - paint.negative, perhaps=None)

    @staticmethod
    def place(gaussians: Gaussians, prompt: Prompt) -> Evidence:
        assert prompt.points is not None
        return points.box(gaussians, prompt.points, positive=prompt.positive)


def _strokes(canvas: Canvas, prompt: Prompt) -> Paint:
    """A painted mask as positive or negative paint; pixels beside it are left open."""
    assert prompt.mask is not None
    painted = canvas.image(prompt.mask)
    nothing = np.zeros_like(painted)
    sides = (painted, nothing) if prompt.positive else (nothing, painted)
    return cropped(Paint(canvas.camera, *sides))


def _inside(canvas: Canvas, prompt: Prompt) -> Float[Array, "P 2"]:
    """The pixels of a line or a box, moved to the picture's border if they are outside."""
    assert prompt.pixels is not None
    return np.clip(prompt.pixels, 0, np.array(canvas.size) - 1)


def _places(canvas: Canvas, pixels: Float[Array, "P 2"]) -> Float[Array, "P 2"]:
    """The points in pixel coordinates of the camera."""
    return np.array([canvas.point(*map(float, pixel)) for pixel in pixels])


def _radius(canvas: Canvas, prompt: Prompt) -> float:
    """The radius of the brush in pixels of the camera."""
    longer = max(canvas.camera.width, canvas.camera.height)
    return max(prompt.radius * canvas.scale or painting.CLICK_RADIUS * longer, 0.75)
