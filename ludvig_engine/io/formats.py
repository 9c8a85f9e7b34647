"""The formats of splat files, one row each.

Reading, writing, file dialogs and help texts use this table. A reader is imported only when it is
used, so that this module needs the standard library only and also runs inside Blender.
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

# How many bytes of a file are read to recognize its format.
START = 1 << 16
# A line that only the header of a compressed PLY has.
_PACKED = rb"^property \w+ packed_position\s*$"
_OPACITY_SCALE_ROTATION = (
    "opacity",
    *(f"scale_{i}" for i in range(3)),
    *(f"rot_{i}" for i in range(4)),
)


@dataclass(frozen=True)
class Format:
    """One format. Functions are named "module:function", with modules relative to this package."""

    name: str  # for people
    # Endings of file names in lower case. No two formats share one.
    endings: tuple[str, ...]
    read: str  # path -> Splats
    # (path, Gaussians, extras=columns by name). None: the format cannot be written.
    write: str | None = None
    # Whether `write` takes comments=lines of the header, as what is known of segments needs.
    comments: bool = False
    # (source, target, keep): copies the kept rows bit by bit. None: this is not possible.
    copy: str | None = None
    # The first bytes of such files, whatever their names are. Empty: only the ending tells.
    marks: tuple[bytes, ...] = ()
    # A pattern that must also match a line among the first bytes.
    header: bytes = b""
    # A folder that holds a file of this name counts as such a file, too.
    folder: str = ""
    # Whether its reader runs inside Blender; it may still miss an optional package there. The
    # engine reads the other formats for Blender.
    numpy_only: bool = False
    # The attributes of the points if a general importer, which knows the container but no splats,
    # has read such a file.
    attributes: tuple[str, ...] = ()

    def matches(self, start: bytes) -> bool:
        """Whether a file that begins with these bytes is of this format."""
        return start.startswith(self.marks or (b"\0no mark",)) and bool(
            re.search(self.header, start.split(b"end_header")[0], re.MULTILINE)
        )

    def fits(self, path: str | os.PathLike[str]) -> bool:
        """Whether a path has one of the format's endings."""
        return Path(path).name.lower().endswith(self.endings)


_TABLE = (
    Format(
        "compressed PLY",
        (".compressed.ply",),
        ".compressed_ply:read_compressed_ply",
        marks=(b"ply",),
        header=_PACKED,
        numpy_only=True,
    ),
    Format(
        "PLY",
        (".ply",),
        ".ply:read_ply",
        write=".ply:write_ply",
        comments=True,
        copy=".ply:copy_ply",
        marks=(b"ply",),
        numpy_only=True,
        attributes=("f_dc_0", "f_dc_1", "f_dc_2", *_OPACITY_SCALE_ROTATION),
    ),
    Format(".splat", (".splat",), ".antimatter:read_splat", numpy_only=True),
    Format(".spz", (".spz",), ".spz:read_spz", marks=(b"NGSP",), numpy_only=True),
    Format(".sog", (".sog", ".json"), ".sog:read_sog", marks=(b"PK",), folder="meta.json"),
    Format(".ksplat", (".ksplat",), ".ksplat:read_ksplat", numpy_only=True),
)

# What files of these formats may be packed into once more (unpacked.py), as patterns of names.
PACKED = ("*.gz", "*.zip")

FORMATS = {format.name: format for format in _TABLE}


def recognize(path: str | os.PathLike[str]) -> Format:
    """The format of a file, by its first bytes; for formats without marks, by the ending.

    If the file is packed (unpacked.py), these are the first bytes of what is in it.

    Raises `EngineError`: "not_found", "no_access", or "bad_file" if it is none of these formats.
    """
    # Imported here, because it imports NumPy and enabling the add-on should not wait for that.
    from .unpacked import open_unpacked

    path = Path(path)
    for format in FORMATS.values():
        if format.folder and path.is_dir() and (path / format.folder).is_file():
            return format
    with open_unpacked(path) as file:
        start = file.read(START).removeprefix(b"\xef\xbb\xbf")  # the mark of UTF-8 texts
        inner = file.name
    marked = (format for format in FORMATS.values() if format.matches(start))
    found = next(marked, None) or by_ending(inner)
    if found is None:
        raise EngineError(
            "bad_file",
            f"{path.name} is not a splat file that can be read; {names(FORMATS.values())} can be.",
            ["Convert it to PLY, with SuperSplat for example."],
        )
    return found


def by_ending(path: str | os.PathLike[str]) -> Format | None:
    """The format with the longest ending that fits a path, or None."""
    fitting = [
        (len(ending), format)
        for format in FORMATS.values()
        for ending in format.endings
        if Path(path).name.lower().endswith(ending)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def writer(path: str | os.PathLike[str]) -> Callable[..., None]:
    """The function that writes a file of this name.

    Raises `EngineError` "bad_input" if the format is unknown or cannot be written.
    """
    format = by_ending(path)
    if format is None or format.write is None:
        reason = (
            f"{format.name} files can only be read" if format else "no splat format has this ending"
        )
        raise EngineError(
            "bad_input",
            f"{Path(path).name} can't be written: {reason}.",
            [f"Give it the ending {' or '.join(endings(written()))}."],
        )
    return function(format.write)


def written() -> list[Format]:
    """The formats that can be written."""
    return [format for format in FORMATS.values() if format.write]


def function(name: str) -> Callable[..., Any]:
    """The function with this name of the table, imported."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module, __package__), attribute)
    return found


def endings(formats: Iterable[Format]) -> list[str]:
    """All endings of these formats, in order."""
    return [ending for format in formats for ending in format.endings]


def patterns(formats: Iterable[Format]) -> list[str]:
    """The patterns of these formats' file names for dialogs: "*.ply", "meta.json"."""
    return [
        # A .json can be anything, unless it has the name that makes a folder such a file.
        format.folder if format.folder.endswith(ending) else f"*{ending}"
        for format in formats
        for ending in format.endings
    ]


def is_unpacked(path: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that its folder is a splat file: a meta.json."""
    return any(Path(path).name == format.folder for format in FORMATS.values() if format.folder)


def inside(path: str | os.PathLike[str]) -> Path:
    """The file that makes a folder a splat file, such as its meta.json; other paths as they are."""
    path = Path(path)
    for format in FORMATS.values():
        if format.folder and (path / format.folder).is_file():
            return path / format.folder
    return path


def names(formats: Iterable[Format]) -> str:
    """The names of these formats for people: "PLY, .splat and .spz"."""
    *most, last = [format.name for format in formats]
    return f"{', '.join(most)} and {last}" if most else last
