"""Prompts by photo name, as tuples, become paint on the photos' cameras.

Pixels are those of the photo file: x to the right, y down, (0, 0) is the middle of the upper left
one.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

import numpy as np

from ..arrays import Array, Shaped
from ..errors import EngineError
from ..io.masks import prompt_mask
from ..io.painted import of_array
from ..io.photos import file_size, to_camera
from ..io.shots import same_shape
from ..sam.proposing import Mark, box_on, click_on
from ..scene import View, find_view
from ..segmentation import painting
from ..segmentation.paint import Paint, cropped

# The fourth value says whether it is on the object: True or "+", the default, or False or "-".
Click = tuple[str, float, float] | tuple[str, float, float, bool | str]
Box = tuple[str, float, float, float, float]
Painting = tuple[str, Array | str | PathLike[str]]

_SIGNS = {"+": True, "-": False, True: True, False: False}
_FORMS = {
    "clicks": ((3, 4), '("IMG_1.jpg", 310, 222)'),
    "boxes": ((5,), '("IMG_1.jpg", 80, 60, 400, 310)'),
    "scribbles": ((2,), '("IMG_1.jpg", "strokes.png")'),
    "masks": ((2,), '("IMG_1.jpg", "mask.png")'),
}


def paints(
    views: Sequence[View],
    *,
    clicks: Iterable[Click] = (),
    scribbles: Iterable[Painting] = (),
    masks: Iterable[Painting] = (),
    boxes: Iterable[Box] = (),
) -> list[Paint]:
    """All prompts as paint, in the order of the command line.

    Raises `EngineError`: "not_found" for an unknown photo, "bad_input" for what makes no sense.
    """
    return [
        *(_click(views, *parts) for parts in _checked("clicks", clicks)),
        *(
            painting.photo_box(find_view(views, name), *at)
            for name, *at in _checked("boxes", boxes)
        ),
        *(_scribble(find_view(views, name), it) for name, it in _checked("scribbles", scribbles)),
        *(_mask(find_view(views, name), it) for name, it in _checked("masks", masks)),
    ]


def pointed(
    views: Sequence[View], *, clicks: Iterable[Click] = (), boxes: Iterable[Box] = ()
) -> list[Mark]:
    """Clicks and boxes as a SAM takes them. Raises `EngineError` as `paints` does."""
    of_clicks = [
        click_on(find_view(views, name), x, y, _click(views, name, x, y, *sign))
        for name, x, y, *sign in _checked("clicks", clicks)
    ]
    of_boxes = (box_on(find_view(views, name), *at) for name, *at in _checked("boxes", boxes))
    return [*of_clicks, *of_boxes]


def _is_place(value: Any) -> bool:
    """Whether it may be a coordinate."""
    return isinstance(value, int | float | np.integer | np.floating)


def _is_painting(value: Any) -> bool:
    return isinstance(value, np.ndarray | str | PathLike)


_READABLE = {
    "clicks": _is_place,
    "boxes": _is_place,
    "scribbles": _is_painting,
    "masks": _is_painting,
}


def _checked(kind: str, prompts: Iterable[Any]) -> Iterator[Any]:
    """Each of the prompts, if it is a photo's name followed by the right values."""
    lengths, example = _FORMS[kind]
    for prompt in prompts:
        fits = isinstance(prompt, tuple | list) and len(prompt) in lengths
        # The fourth value of a click, its sign, has an error of its own.
        values = prompt[1:3] if kind == "clicks" and fits else prompt[1:] if fits else ()
        if not (fits and isinstance(prompt[0], str) and all(map(_READABLE[kind], values))):
            raise EngineError(
                "bad_input",
                f"One of the {kind} is {reprlib.repr(prompt)}, which is not of the form {example}.",
                [f"For example: {kind}=[{example}]"],
            )
        yield prompt


def _click(
    views: Sequence[View], name: str, x: float, y: float, positive: bool | str = True
) -> Paint:
    if not isinstance(positive, bool | str | np.bool_) or positive not in _SIGNS:
        raise EngineError(
            "bad_input",
            f"The click on {name} has the sign {positive!r}.",
            ['Give "+" for the object, or "-" for what is not the object.'],
        )
    return painting.photo_click(find_view(views, name), x, y, positive=_SIGNS[positive])


def _scribble(view: View, strokes: Array | str | PathLike[str]) -> Paint:
    if not isinstance(strokes, np.ndarray):
        return painting.photo_scribble(view, strokes)
    values = _image(view, strokes, "scribble")
    if not values.any():
        raise EngineError(
            "bad_input",
            f"The scribble on {view.name} has no stroke in it.",
            ["Give values above 0 on the object, or below 0 beside it."],
        )
    # A thin stroke on a large photo covers but a small part of the camera's pixels. The threshold
    # is the one of `io.scribbles.read_scribble`.
    yes = to_camera((values > 0).astype(np.float32), view)
    no = to_camera((values < 0).astype(np.float32), view)
    positive = (yes > np.maximum(no, 0.1)).astype(np.float32)
    negative = (no > np.maximum(yes, 0.1)).astype(np.float32)
    return cropped(Paint(view.camera, positive, negative))


def _mask(view: View, mask: Array | str | PathLike[str]) -> Paint:
    if not isinstance(mask, np.ndarray):
        return painting.photo_mask(view, mask)
    name = f"The mask of {view.name}"
    painted = of_array(_image(view, mask, "mask"), name)
    return painting.mask(view.camera, prompt_mask(painted, view, name), f"mask of {view.name}")


def _image(view: View, values: Shaped[Array, "..."], what: str) -> Shaped[Array, "h w"]:
    """An array painted on a photo.

    Raises `EngineError` "bad_input" if it does not have the photo's shape.
    """
    size = file_size(view)
    if values.ndim != 2 or not same_shape((values.shape[1], values.shape[0]), size):
        raise EngineError(
            "bad_input",
            f"The {what} of {view.name} has the shape {values.shape}, but the photo has "
            f"{(size[1], size[0])}.",
            ["Give one value per pixel of the photo file, as (rows, columns)."],
        )
    return values
