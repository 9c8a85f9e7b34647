"""The rows of a PLY's elements, whose header ply_header.py reads.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Shaped
from ..errors import EngineError
from .files import read_records, size_of
from .ply_header import Element, Header

# Rows of a block. A block of splats (248 bytes a row) stays in a second-level cache.
BLOCK = 4096
# Characters of a number in text, with the space after it: a double takes at most 26.
_DIGITS = 100


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
        _check_size(file, header, before)
        _skip(file, header, before)
    _check_size(file, header, element)
    counts = [min(BLOCK, element.count - start) for start in range(0, element.count, BLOCK)]
    if header.order == "=":
        lines = _lines(file, element)
        return (
            _parse(list(islice(lines, n)), i * BLOCK, header, element) for i, n in enumerate(counts)
        )
    return (_records(file, header, element, i * BLOCK, n) for i, n in enumerate(counts))


def _check_size(file: BinaryIO, header: Header, element: Element) -> None:
    """Raise an error if the rest of the file is too short for the rows of this element."""
    ascii_ = header.order == "="
    # A row of text is at least as long as "0 0 0\n", and the last one may lack its line end. A list
    # is at least its length.
    types = [t[0] if isinstance(t, tuple) else t for t in element.fields.values()]
    least = 2 * len(types) if ascii_ else sum(np.dtype(type_).itemsize for type_ in types)
    left = max(size_of(file) - file.tell(), 0) + ascii_
    if element.count * least > left:
        raise _cut_short(header, element, left // least)


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


def _lines(file: BinaryIO, element: Element) -> Iterator[bytes]:
    """The lines of a file that are not blank, cut where they are longer than a row can be."""
    # A row of nothing but one endless line must not be taken into memory. Lists may be long.
    longest = -1 if element.lists else _DIGITS * (len(element.fields) + 1)
    return (line for line in iter(lambda: file.readline(longest), b"") if not line.isspace())


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
        for _ in islice(_lines(file, element), element.count if element.fields else 0):
            pass
    elif not element.lists:
        file.seek(element.count * element.dtype.itemsize, os.SEEK_CUR)
    else:
        for row in range(element.count):
            for name, type_ in element.fields.items():
                length, item = type_ if isinstance(type_, tuple) else ("", type_)
                prefix = (
                    np.frombuffer(file.read(np.dtype(length).itemsize), length)
                    if length
                    else np.ones(1, int)
                )
                if not prefix.size:
                    raise _cut_short(header, element, row)
                if prefix[0] < 0:
                    raise header.bad(
                        f"row {row + 1:,} of {element.name} has a list {name} of {prefix[0]} items"
                    )
                file.seek(int(prefix[0]) * np.dtype(item).itemsize, os.SEEK_CUR)


def _cut_short(header: Header, element: Element, rows: int) -> EngineError:
    what = f"it is cut short: {max(rows, 0):,} of {element.count:,} {element.name} rows are there"
    return header.bad(what, "Download or export the file again.")
