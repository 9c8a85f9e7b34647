"""How each kind of prompt is written on the command line: one row each, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

import typer

from ..errors import EngineError
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.painting import Paint
from .masks import Box, Click

_NUMBER = r"-?\d+(?:\.\d+)?"
_CLICK = re.compile(rf"(?P<view>.+):(?P<x>{_NUMBER}),(?P<y>{_NUMBER})(?::(?P<sign>[+-]))?")
_BOX = re.compile(rf"(?P<view>.+):(?P<corners>{_NUMBER}(?:,{_NUMBER}){{3}})")
_FILE = re.compile(r"(?P<view>[^=]+)=(?P<path>.*)", re.DOTALL)


@dataclass(frozen=True)
class Written:
    """A kind of prompt as the value of the option that has its name."""

    form: str  # "VIEW:X,Y"; "": words, which are taken as they are
    about: str  # the rest of the option's help
    example: str = ""
    pattern: re.Pattern[str] | None = None  # of the form
    read: Callable[[Scene, re.Match[str]], Any] | None = None  # what matched -> what is pointed at
    paint: Callable[[Any], Paint] | None = None  # and that as paint
    pointing: bool = False  # SAM can make masks of it


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
    return lambda scene, parts: read(scene.view(parts["view"]), parts["path"])


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
        ": green or white on the object, red beside",
        "IMG_1.jpg=paint.png",
        _FILE,
        _file(painting.photo_scribble),
        _as_it_is,
    ),
    "mask": Written(
        "VIEW=PNG",
        ": the object white, all else black",
        "IMG_1.jpg=paint.png",
        _FILE,
        _file(painting.photo_mask),
        _as_it_is,
    ),
    "text": Written("", "Words for the object; clicks and paint correct them"),
}


def option(kind: str) -> Any:
    """The option for a kind of prompt; it may be given several times."""
    row = WRITTEN[kind]
    return typer.Option(help=row.form + row.about)


def options() -> str:
    """All of them, for people."""
    return ", ".join(f"--{kind}" for kind in WRITTEN)


def read_all(scene: Scene, given: Mapping[str, Sequence[str] | None]) -> dict[str, list[Any]]:
    """What the values of the options say, by kind, without texts. Raises `EngineError` "bad_input"."""
    return {
        kind: [_read(scene, kind, text) for text in given.get(kind) or ()]
        for kind, row in WRITTEN.items()
        if row.read
    }


def paint(said: Mapping[str, Sequence[Any]], *, pointing: bool) -> list[Paint]:
    """What was said as paint: only what SAM can make masks of, or only the rest."""
    return [
        row.paint(one)
        for kind, row in WRITTEN.items()
        if row.paint and row.pointing == pointing
        for one in said[kind]
    ]


def _read(scene: Scene, kind: str, text: str) -> Any:
    row = WRITTEN[kind]
    assert row.pattern is not None
    assert row.read is not None
    parts = row.pattern.fullmatch(text)
    if not parts:
        raise EngineError(
            "bad_input",
            f'"--{kind} {text}" is not {row.form}.',
            [f"For example: --{kind} {row.example}"],
        )
    return row.read(scene, parts)
