"""Splat files as contents of splat objects. Nothing here uses Blender, so that threads can read.

A file's own numbers (log scales, logit opacities, quaternions of any length) are kept beside the
values that Blender shows: see splat_files.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.io import formats
from ...ludvig_engine.io.activation import Splats, left_out
from ...ludvig_engine.io.files import stopping
from ...ludvig_engine.io.ply import read_blocks
from ...ludvig_engine.io.splats import read_splats
from ...ludvig_engine.planning.bounds import Ball
from ...ludvig_engine.scene import Gaussians
from ..maths import upright
from ..translation.say import say_report
from . import attributes, capture, extent, file_segments, making, splats
from .file_segments import Kept

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import SplatsRead

STORED = {".ply_opacity": "FLOAT", ".ply_scale": "FLOAT_VECTOR", ".ply_rotation": "QUATERNION"}
NORMALS = ("nx", "ny", "nz")  # every trainer writes them, as zeros


@dataclass(frozen=True)
class Content:
    """What `making.steps` makes of a file, and what `ludvig_capture.untouched` says of it."""

    columns: making.Columns
    untouched: str
    notes: tuple[str, ...]  # what the user should know
    ball: Ball  # around the scene without floaters, in the file's frame
    up: np.ndarray | None  # (3,), where that is up; None if the splats do not say
    segments: tuple[Kept, ...]  # whose scores are among the columns


def read(path: Path, check: Callable[[], None]) -> Content | None:
    """The content of a splat file; None if only the engine can read it.

    `check` is called often; what it raises ends the reading. Raises the errors of `read_splats`.
    """
    with stopping(check):
        format, stamp = formats.recognize(path), capture.stamp(str(path))
        if not format.numpy_only:
            return None
        try:
            file = read_splats(path)
        except EngineError as error:
            if error.kind != "missing_package":
                raise
            return None
        stored = _stored_columns(path, len(file.gaussians)) if format.attributes else {}
        return _content(path, file, stored, stamp)


def received(path: Path, answer: SplatsRead) -> Content:
    """The content of a file that the engine has read."""
    file = Splats(Gaussians(**vars(answer.splats)), answer.valid, notes=answer.notes)
    return _content(path, file, {}, capture.stamp(str(path)))


def columns(
    name: str, file: Splats, stored: Mapping[str, np.ndarray]
) -> tuple[making.Columns, Gaussians, Ball]:
    """The attributes of the usable rows, these rows, and the ball around them.

    They are in the file's order, but for the first: see extent.py. `stored` are the file's own
    numbers, by attribute.

    Raises `EngineError` "bad_file", in which `name` stands for the file, if no row is usable.
    """
    if not file.valid.any():
        why = " ".join(_notes(file)) or "There are none."
        how = ["The training failed; use an earlier checkpoint."]
        what = say_report("No splat of {name} is usable. {why}", name=name, why=say_report(why))
        raise EngineError("bad_file", what, how)
    extras = {n: v for n, v in file.extras.items() if n not in NORMALS or v.any()}
    rows = np.flatnonzero(file.valid)
    gaussians = file.gaussians if file.valid.all() else file.gaussians.take(rows)
    ball, radii = extent.around(gaussians)
    if front := extent.first(radii):
        for values in (rows, radii):
            values[[0, front]] = values[[front, 0]]
        gaussians = file.gaussians.take(rows)
    if front or len(rows) < len(file.valid):
        extras = {n: values[rows] for n, values in extras.items()}
        stored = {n: values[rows] for n, values in stored.items()}
    found = making.columns(gaussians, rows=rows, extras=extras)
    found[extent.RADIUS] = "FLOAT", radii
    for attribute, values in stored.items():
        type_ = STORED[attribute]
        found[attribute] = type_, attributes.packed(values, type_)
    return found, gaussians, ball


def _content(path: Path, file: Splats, stored: Mapping[str, np.ndarray], stamp: str) -> Content:
    file, segments = file_segments.restored(file)
    found, usable, ball = columns(path.name, file, stored)
    values = {name: found[name][1] for name in splats.SCHEMA}
    up = upright.up(usable.means, usable.scales, usable.opacities, ball)
    return Content(found, capture.look(values) + stamp, _notes(file), ball, up, segments)


def _notes(file: Splats) -> tuple[str, ...]:
    return (*file.notes, *left_out(file.faults, len(file.valid)))


def _stored_columns(path: Path, count: int) -> dict[str, np.ndarray]:
    """The file's own logits, log scales and quaternions, by the attribute that keeps them."""
    sources = {
        ".ply_opacity": ["opacity"],
        ".ply_scale": [f"scale_{i}" for i in range(3)],
        ".ply_rotation": [f"rot_{i}" for i in range(4)],
    }
    stored = {
        name: np.empty((count, len(columns)), np.float32) for name, columns in sources.items()
    }
    start = 0
    for block in read_blocks(path):
        end = start + len(block["opacity"])
        for name, values in stored.items():
            for column, source in enumerate(sources[name]):
                values[start:end, column] = block[source]
        start = end
    return stored | {".ply_opacity": stored[".ply_opacity"][:, 0]}
