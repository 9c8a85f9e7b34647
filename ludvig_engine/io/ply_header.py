"""The header of a PLY file.

A PLY is a text header that names elements (`vertex`, `face`, ...) with their counts and typed
properties, then the rows of each element in turn (ply_rows.py), in text or in binary of either byte
order. Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import EngineError, Fix

# Bytes of a header. Real ones have a few thousand; a damaged file may have no end of it.
LONGEST = 1 << 20
# Some programs put this before texts in UTF-8.
_BOM = b"\xef\xbb\xbf"

_TYPES = {
    "char": "i1",
    "uchar": "u1",
    "short": "i2",
    "ushort": "u2",
    "int": "i4",
    "uint": "u4",
    "float": "f4",
}
_TYPES |= {
    "double": "f8",
    "int8": "i1",
    "uint8": "u1",
    "int16": "i2",
    "uint16": "u2",
    "int32": "i4",
    "uint32": "u4",
}
_TYPES |= {"float32": "f4", "float64": "f8"}
# Reversed, so that the older names win.
_NAMES = {type_: name for name, type_ in reversed(_TYPES.items())}
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}


@dataclass(frozen=True)
class Element:
    """A table of a PLY: `count` rows of `fields`.

    `fields` maps names to NumPy types; a list has two of them, for its length and its items.
    """

    name: str
    count: int
    fields: Mapping[str, str | tuple[str, str]]

    @property
    def lists(self) -> list[str]:
        """The names of its lists. With lists, rows have no fixed size."""
        return [name for name, type_ in self.fields.items() if isinstance(type_, tuple)]

    @property
    def dtype(self) -> np.dtype:
        """The structured type of a row, for elements without lists."""
        return np.dtype(list(self.fields.items()))


@dataclass(frozen=True)
class Header:
    """The header of a PLY. `order` is "<", ">", or "=" for ascii."""

    name: str  # the file's, for messages
    order: str
    elements: tuple[Element, ...]
    comments: tuple[str, ...] = ()  # `comment` and `obj_info` lines, whole
    start: int = 0  # where in the file the rows begin

    @property
    def vertex(self) -> Element:
        """The element of the splats. Raises `EngineError` "bad_file" as `table` does."""
        return self.table("vertex")

    def has(self, name: str) -> bool:
        """Whether there is an element with this name."""
        return any(element.name == name for element in self.elements)

    def table(self, name: str) -> Element:
        """The element called `name`.

        Raises `EngineError` "bad_file" if there is none or several, or if it has lists or nothing.
        """
        found = [element for element in self.elements if element.name == name]
        if len(found) != 1:
            raise self.bad(f"it has {len(found) or 'no'} {name} element{'s' * (len(found) > 1)}")
        if found[0].lists:
            raise self.bad(
                f"its {name} property {found[0].lists[0]} is a list, which splats do not have"
            )
        if not found[0].fields:
            raise self.bad(f"its {name} element has no properties")
        return found[0]

    def bad(
        self, reason: str, fix: str = "Export the splats again as an uncompressed 3DGS PLY."
    ) -> EngineError:
        """The error for a PLY that cannot be read; `reason` is the rest of a sentence about it."""
        return EngineError("bad_file", f"{self.name} cannot be read: {reason}.", [fix])

    def encode(self) -> bytes:
        """The header as the bytes of a file."""
        lines = [
            "ply",
            f"format {next(f for f, order in _ORDERS.items() if order == self.order)} 1.0",
            *self.comments,
        ]
        for element in self.elements:
            lines.append(f"element {element.name} {element.count}")
            lines += [
                f"property {_NAMES[np.dtype(t).str[1:]]} {name}"
                for name, t in element.fields.items()
            ]
        return "\n".join([*lines, "end_header\n"]).encode("utf-8", "surrogateescape")


def read_header(file: BinaryIO, path: str | os.PathLike[str]) -> Header:
    """Read the header of a PLY that is opened as bytes; `path` is only used in messages.

    Raises `EngineError` "bad_file" if it is not a PLY or the header is damaged.
    """
    name = Path(path).name
    if file.readline(8).removeprefix(_BOM).rstrip() != b"ply":
        raise EngineError(
            "bad_file",
            f"{name} is not a PLY file.",
            [Fix("Choose a .ply file of splats.", "import_splats")],
        )
    order, comments = "", []
    elements: list[tuple[str, int, dict[str, str | tuple[str, str]]]] = []
    while True:
        line = file.readline(10_000).decode("utf-8", "surrogateescape")
        if file.tell() > LONGEST:
            raise Header(name, order, ()).bad(f"its header is longer than {LONGEST:,} bytes")
        try:
            match line.split():
                case ["end_header"]:
                    break
                case ["comment" | "obj_info", *_]:
                    comments.append(line.rstrip("\r\n"))
                case ["format", format_, _]:
                    order = _ORDERS[format_]
                case ["element", element, count] if count.isdecimal():
                    elements.append((element, int(count), {}))
                case ["property", "list", length, item, field] if (
                    field not in elements[-1][2] and _TYPES[length][0] in "iu"
                ):
                    elements[-1][2][field] = (order + _TYPES[length], order + _TYPES[item])
                case ["property", type_, field] if field not in elements[-1][2]:
                    elements[-1][2][field] = order + _TYPES[type_]
                case _ if line.strip() or not line:
                    raise ValueError(line)
        except (ValueError, KeyError, IndexError) as error:
            what = (
                f'"{line.strip()[:60]}" is not understood'
                if line
                else "it ends before the header does"
            )
            raise Header(name, order, ()).bad(what) from error
    if not order:
        raise Header(name, order, ()).bad("the header names no format")
    return Header(
        name, order, tuple(Element(*element) for element in elements), tuple(comments), file.tell()
    )
