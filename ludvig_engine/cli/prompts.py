"""The prompts of the command line: one row per kind says how it is written, read and painted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import EngineError
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.paint import Paint
from .arguments import at_home

# A view, x and y in pixels of its photo file, and whether the click is on the object.
Click = tuple[View, float, float, bool]
# A view and two opposite corners, x0, y0, x1, y1, in pixels of its photo file.
Box = tuple[View, float, float, float, float]

_NUMBER = r"-?\d+(?:\.\d+)?"
_CLICK = re.compile(rf"(?P<view>.+):(?P<x>{_NUMBER}),(?P<y>{_NUMBER})(?::(?P<sign>[+-]))?")
_BOX = re.compile(rf"(?P<view>.+):(?P<corners>{_NUMBER}(?:,{_NUMBER}){{3}})")
# Any id of 32 bits.
_VALUE = re.compile(r"\d{1,10}|#[0-9a-fA-F]{6}")
_FILE = re.compile(r"(?P<view>[^=]+)=(?P<path>.*)", re.DOTALL)


@dataclass(frozen=True)
class Written:
    """How one kind of prompt is written as the value of the option with the kind's name."""

    # Such as "VIEW:X,Y"; "" for words, which need no parsing.
    form: str
    # The rest of the option's help text, after the form.
    about: str
    example: str = ""
    # Matches the form.
    pattern: re.Pattern[str] | None = None
    # Turns the scene and the match into a click, a box or paint; masks also take `value`.
    read: Callable[..., Any] | None = None
    # Turns what `read` returned into paint.
    paint: Callable[[Any], Paint] | None = None
    # Whether SAM can turn prompts of this kind into masks.
    pointing: bool = False


def _click(scene: Scene, parts: re.Match[str]) -> Click:
    return scene.view(parts["view"]), float(parts["x"]), float(parts["y"]), parts["sign"] != "-"


def _paint_click(click: Click) -> Paint:
    view, x, y, positive = click
    return painting.photo_click(view, x, y, positive=positive)


def _box(scene: Scene, parts: re.Match[str]) -> Box:
    x0, y0, x1, y1 = map(float, parts["corners"].split(","))
    return scene.view(parts["view"]), x0, y0, x1, y1


def _file(
    read: Callable[[View, str | PathLike[str]], Paint],
) -> Callable[[Scene, re.Match[str]], Paint]:
    return lambda scene, parts: read(scene.view(parts["view"]), at_home(Path(parts["path"])))


def _mask(scene: Scene, parts: re.Match[str], value: str | None = None) -> Paint:
    path = at_home(Path(parts["path"]))
    return painting.photo_mask(scene.view(parts["view"]), path, value=_value(value))


def _value(text: str | None) -> int | None:
    """The number of an id or of a color."""
    if text is None:
        return None
    if not _VALUE.fullmatch(text):
        raise EngineError(
            "bad_input",
            f'"--mask-value {text}" is neither an id nor a color.',
            ["Write it like this: --mask-value 2, or --mask-value #ff0000"],
        )
    return int(text[1:], 16) if text.startswith("#") else int(text)


def _as_it_is(paint: Paint) -> Paint:
    return paint


WRITTEN = {
    "click": Written(
        "VIEW:X,Y[:+|-]",
        " in pixels of the photo file",
        "IMG_1.jpg:310,222",
        _CLICK,
        _click,
        _paint_click,
        pointing=True,
    ),
    "box": Written(
        "VIEW:X0,Y0,X1,Y1",
        " around the object",
        "IMG_1.jpg:80,60,400,310",
        _BOX,
        _box,
        lambda box: painting.photo_box(*box),
        pointing=True,
    ),
    "scribble": Written(
        "VIEW=PNG",
        ": paint the object green or white, what is not the object red, on transparency",
        "IMG_1.jpg=paint.png",
        _FILE,
        _file(painting.photo_scribble),
        _as_it_is,
    ),
    "mask": Written(
        "VIEW=PNG",
        ": the object is not black, not 0 or not transparent; an image or .npy",
        "IMG_1.jpg=mask.png",
        _FILE,
        _mask,
        _as_it_is,
    ),
    "text": Written("", "Words for the object; clicks and paint correct what they find"),
}


def option(kind: str) -> Any:
    """The typer option for a kind of prompt; users may give it several times."""
    row = WRITTEN[kind]
    return typer.Option(help=row.form + row.about)


Clicks = Annotated[list[str] | None, option("click")]
Scribbles = Annotated[list[str] | None, option("scribble")]
Masks = Annotated[list[str] | None, option("mask")]
MaskValue = Annotated[
    str | None,
    typer.Option(help="Which id, or color as #RRGGBB, is the object in masks that have several"),
]
Boxes = Annotated[list[str] | None, option("box")]
Texts = Annotated[list[str] | None, option("text")]


def options() -> str:
    """The names of all prompt options, for help and error messages."""
    return ", ".join(f"--{kind}" for kind in WRITTEN)


def read_all(
    scene: Scene, given: Mapping[str, Sequence[str] | None], *, mask_value: str | None = None
) -> dict[str, list[Any]]:
    """Parse the values of all prompt options except texts, by kind.

    `mask_value` is the id or color, as "#rrggbb", of the object in masks that have several.

    Raises `EngineError` "bad_input" for a value that does not have the form of its kind.
    """
    more = {"mask": {"value": mask_value}}
    return {
        kind: [_read(scene, kind, text, more.get(kind, {})) for text in given.get(kind) or ()]
        for kind, row in WRITTEN.items()
        if row.read
    }


def paint(read: Mapping[str, Sequence[Any]], *, pointing: bool) -> list[Paint]:
    """Paint what `read_all` returned: only the kinds that SAM can take, or only the others."""
    return [
        row.paint(one)
        for kind, row in WRITTEN.items()
        if row.paint and row.pointing == pointing
        for one in read[kind]
    ]


def _read(scene: Scene, kind: str, text: str, more: Mapping[str, Any]) -> Any:
    row = WRITTEN[kind]
    assert row.pattern is not None
    assert row.read is not None
    parts = row.pattern.fullmatch(text)
    if not parts:
        raise EngineError(
            "bad_input",
            f'"--{kind} {text}" is not {row.form}.',
            [f"Write it like this: --{kind} {row.example}"],
        )
    return row.read(scene, parts, **more)
