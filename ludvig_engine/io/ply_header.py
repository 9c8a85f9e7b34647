"""The header of a PLY file, and the rows of its elements.

A PLY is a text header that names elements (`vertex`, `face`, ...) with their counts and typed
properties, then the rows of each element in turn, in text or in binary of either byte order.
Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Shaped
from ..errors import EngineError, Fix
from .files import read_records

# Rows of a block. A block of splats (248 bytes a row) stays in a second-level cache.
BLOCK = 4096

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

        Raises `EngineError` "bad_file" if there is none, or if it has lists.
        """
        for element in self.elements:
            if element.name == name and not element.lists:
                return element
            if element.name == name:
                raise self.bad(
                    f"its {name} property {element.lists[0]} is a list, which splats do not have"
                )
        raise self.bad(f"it has no {name} element")

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
    if file.readline(8).rstrip() != b"ply":
        raise EngineError(
            "bad_file",
            f"{name} is not a PLY file.",
            [Fix("Choose a .ply file of splats.", "import_splats")],
        )
    order, comments = "", []
    elements: list[tuple[str, int, dict[str, str | tuple[str, str]]]] = []
    while True:
        line = file.readline(10_000).decode("utf-8", "surrogateescape")
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
                case ["property", "list", length, item, field] if field not in elements[-1][2]:
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


def read_rows(
    file: BinaryIO, header: Header, name: str = "vertex"
) -> Iterator[Shaped[Array, " B"]]:
    """The rows of an element in blocks: structured arrays with the properties as fields.

    Raises `EngineError` "bad_file" before the first block if the file is too short for what its
    header promises (which may be more than there is memory).
    """
    element = header.table(name)
    file.seek(header.start)
    for before in header.elements[: header.elements.index(element)]:
        _skip(file, header, before)
    ascii_ = header.order == "="
    # A row of text is at least as long as "0 0 0\n", and the last one may lack its line end.
    row_size = 2 * len(element.fields) if ascii_ else element.dtype.itemsize
    rows = (os.fstat(file.fileno()).st_size - file.tell() + ascii_) // row_size
    if rows < element.count:
        raise _cut_short(header, element, rows)
    counts = [min(BLOCK, element.count - start) for start in range(0, element.count, BLOCK)]
    if ascii_:
        return (
            _parse(list(islice(file, n)), i * BLOCK, header, element) for i, n in enumerate(counts)
        )
    return (_records(file, header, element, i * BLOCK, n) for i, n in enumerate(counts))


def _records(
    file: BinaryIO, header: Header, element: Element, start: int, count: int
) -> Shaped[Array, " B"]:
    """The next `count` rows, of which the first is row `start`.

    Raises `EngineError` if there are fewer, even if somebody has shortened the file meanwhile.
    """
    block = read_records(file, element.dtype, count)
    if len(block) < count:
        raise _cut_short(header, element, start + len(block))
    return block


def _parse(lines: list[bytes], start: int, header: Header, element: Element) -> Shaped[Array, " B"]:
    """Rows from their text, of which the first is row `start`."""
    if len(lines) < min(BLOCK, element.count - start):
        raise _cut_short(header, element, start + len(lines))
    block = np.empty(len(lines), element.dtype)
    try:
        # Parsed as float64 first, because some writers put "255.0" where the header says uchar.
        values = np.array([line.split() for line in lines], np.float64).reshape(
            len(lines), len(element.fields)
        )
    except ValueError as error:
        what = (
            f"a row of {element.name} between {start + 1:,} and {start + len(lines):,} is damaged"
        )
        raise header.bad(what) from error
    with np.errstate(over="ignore", invalid="ignore"):
        for field, column in zip(element.fields, values.T, strict=True):
            block[field] = column
    return block


def _skip(file: BinaryIO, header: Header, element: Element) -> None:
    """Move past all rows of an element, whatever they are."""
    if header.order == "=":
        for _ in islice(file, element.count):
            pass
    elif not element.lists:
        file.seek(element.count * element.dtype.itemsize, os.SEEK_CUR)
    else:
        for row in range(element.count):
            for type_ in element.fields.values():
                length, item = type_ if isinstance(type_, tuple) else ("", type_)
                prefix = (
                    np.frombuffer(file.read(np.dtype(length).itemsize), length)
                    if length
                    else np.ones(1, int)
                )
                if not prefix.size:
                    raise _cut_short(header, element, row)
                file.seek(int(prefix[0]) * np.dtype(item).itemsize, os.SEEK_CUR)


def _cut_short(header: Header, element: Element, rows: int) -> EngineError:
    what = f"it is cut short: {max(rows, 0):,} of {element.count:,} {element.name} rows are there"
    return header.bad(what, "Download or export the file again.")
