"""The formats of splat files: one row each. Reading, writing, file dialogs and help texts come from this table.

A reader is imported when it is used, so that this runs inside Blender too: standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import EngineError

START = 1 << 16  # bytes of a file that are looked at to tell its format
_PACKED = (
    rb"^property \w+ packed_position\s*$"  # in the header of a compressed PLY, and of no other
)
_OPACITY_SCALE_ROTATION = ("opacity", *(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4)))  # fmt: skip


@dataclass(frozen=True)
class Format:
    """One format. Functions are named "module:function", a module of this package with a dot before it."""

    name: str  # for people
    endings: tuple[str, ...]  # of file names, in small letters; no other format has one of them
    read: str  # path -> Splats
    write: str | None = None  # (path, Gaussians, extras=columns by name); None: cannot be written
    copy: str | None = None  # (source, target, keep): the kept rows, bit by bit; None likewise
    marks: tuple[bytes, ...] = ()  # how a file begins, whatever it is called
    header: bytes = b""  # a pattern that has a line in the first bytes as well
    folder: str = ""  # a folder that holds this file is of the format too
    numpy_only: bool = False  # its reader runs inside Blender
    # The attributes that an importer leaves on points which knows the container but no splats.
    attributes: tuple[str, ...] = ()

    def matches(self, start: bytes) -> bool:
        """Whether a file that begins so is of this format."""
        return start.startswith(self.marks or (b"\0no mark",)) and bool(
            re.search(self.header, start.split(b"end_header")[0], re.MULTILINE)
        )

    def fits(self, path: str | os.PathLike[str]) -> bool:
        """Whether a path has one of its endings."""
        return Path(path).name.lower().endswith(self.endings)


_TABLE = (
    Format(
        "compressed PLY",
        (".compressed.ply",),
        ".compressed_ply:read_compressed_ply",
        marks=(b"ply",),
        header=_PACKED,
    ),
    Format(
        "PLY",
        (".ply",),
        ".ply:read_ply",
        write=".ply:write_ply",
        copy=".ply:copy_ply",
        marks=(b"ply",),
        numpy_only=True,
        attributes=("f_dc_0", "f_dc_1", "f_dc_2", *_OPACITY_SCALE_ROTATION),
    ),
    Format(".splat", (".splat",), ".antimatter:read_splat"),
    Format(".spz", (".spz",), ".spz:read_spz", marks=(b"\x1f\x8b", b"NGSP")),
    Format(".sog", (".sog", ".json"), ".sog:read_sog", marks=(b"PK",), folder="meta.json"),
)

FORMATS = {format.name: format for format in _TABLE}


def recognize(path: str | os.PathLike[str]) -> Format:
    """The format of a file: by its first bytes, and of formats without a mark by the ending.

    Raises `EngineError`: "not_found", "no_access", or "bad_file" if it is none of these.
    """
    from .files import open_file  # it imports NumPy, for which enabling the add-on does not wait

    path = Path(path)
    for format in FORMATS.values():
        if format.folder and path.is_dir() and (path / format.folder).is_file():
            return format
    with open_file(path) as file:
        start = file.read(START)
    marked = (format for format in FORMATS.values() if format.matches(start))
    found = next(marked, None) or by_ending(path)
    if found is None:
        raise EngineError(
            "bad_file",
            f"{path.name} is no splat file that can be read: {names(FORMATS.values())} can.",
            ["Convert it to PLY, with SuperSplat for example."],
        )
    return found


def by_ending(path: str | os.PathLike[str]) -> Format | None:
    """The format with the longest ending that a path has."""
    fitting = [
        (len(ending), format)
        for format in FORMATS.values()
        for ending in format.endings
        if Path(path).name.lower().endswith(ending)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def writer(path: str | os.PathLike[str]) -> Callable[..., None]:
    """What writes a file of this name. Raises `EngineError` "bad_input" if nothing does."""
    format = by_ending(path)
    if format is None or format.write is None:
        raise _unwritable(path, written())
    return function(format.write)


def row_copier(
    source: str | os.PathLike[str], *targets: str | os.PathLike[str]
) -> Callable[..., None]:
    """What copies rows of a file into others of these names. Raises `EngineError` if that cannot be done."""
    format = recognize(source)
    if format.copy is None:
        copied = [other for other in FORMATS.values() if other.copy]
        raise EngineError(
            "bad_input",
            f"{Path(source).name} is a {format.name} file, whose splats can't be written to another file.",
            [f"Convert it to {names(copied)} first, with SuperSplat for example."],
        )
    for target in targets:
        if not format.fits(target):
            raise _unwritable(target, [format])
    return function(format.copy)


def written() -> list[Format]:
    """The formats that can be written."""
    return [format for format in FORMATS.values() if format.write]


def inside_blender() -> list[Format]:
    """The formats whose readers run inside Blender."""
    return [format for format in FORMATS.values() if format.numpy_only]


def function(name: str) -> Callable[..., Any]:
    """What a row of the table names."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module, __package__), attribute)
    return found


def endings(formats: Iterable[Format]) -> list[str]:
    """All endings of these formats, in order."""
    return [ending for format in formats for ending in format.endings]


def names(formats: Iterable[Format]) -> str:
    """These formats for people: "PLY, .splat and .spz"."""
    *most, last = [format.name for format in formats]
    return f"{', '.join(most)} and {last}" if most else last


def _unwritable(path: str | os.PathLike[str], formats: Iterable[Format]) -> EngineError:
    return EngineError(
        "bad_input",
        f"{Path(path).name} can't be written: no format that can be written here has this ending.",
        [f"Give it the ending {' or '.join(endings(formats))}."],
    )
