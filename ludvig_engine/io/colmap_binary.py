"""cameras.bin and images.bin of COLMAP.

All is little-endian. Each file begins with a count (uint64). Nothing that the file states is
believed before it is compared with the bytes that are there.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from .colmap_rows import CameraRow, ImageRow, bad
from .files import open_file
from .lens_models import NUMBERS, PARAMETERS

_CAMERA = struct.Struct("<IiQQ")  # id, model, width, height
_IMAGE = struct.Struct("<I7dI")  # id, quaternion, shift, camera
_POINT = 24  # bytes: x, y, id
_LONGEST = 4096  # bytes of a name; no system has longer paths


def cameras(path: Path) -> Iterator[CameraRow]:
    """The rows of cameras.bin: id, model, width, height, then the model's parameters as doubles."""
    with open_file(path) as file:
        for number in range(_count(file, path, _CAMERA.size)):
            key, model, width, height = _unpack(file, path, _CAMERA, number, "cameras")
            name = NUMBERS.get(model, f"number {model}")
            # How many parameters an unknown model has is unknown, and so is where the next row
            # starts.
            if name not in PARAMETERS:
                yield CameraRow(key, name, (width, height), ())
                return
            params = struct.Struct(f"<{len(PARAMETERS[name])}d")
            yield CameraRow(
                key, name, (width, height), _unpack(file, path, params, number, "cameras")
            )


def images(path: Path) -> Iterator[ImageRow]:
    """The rows of images.bin: `_IMAGE`, the name and a zero byte, then a list of points."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        for number in range(_count(file, path, _IMAGE.size)):
            _, *pose, camera = _unpack(file, path, _IMAGE, number, "photos")
            name = _name(file, path, number)
            (points,) = _unpack(file, path, struct.Struct("<Q"), number, "photos")
            if points > (size - file.tell()) // _POINT:
                raise _short(path, number, "photos")
            file.seek(points * _POINT, os.SEEK_CUR)
            yield ImageRow(camera, tuple(pose), name)


def _count(file: BinaryIO, path: Path, smallest: int) -> int:
    """How many rows there are; a file cannot hold more than fit in it."""
    (count,) = _unpack(file, path, struct.Struct("<Q"), 0, "rows")
    if count > os.fstat(file.fileno()).st_size // smallest:
        raise bad(path, f"it is cut short, or damaged: it should hold {count:,} rows")
    return int(count)


def _unpack(
    file: BinaryIO, path: Path, layout: struct.Struct, number: int, what: str
) -> tuple[Any, ...]:  # numbers of the types that the layout says
    content = file.read(layout.size)
    if len(content) < layout.size:
        raise _short(path, number, what)
    return layout.unpack(content)


def _name(file: BinaryIO, path: Path, number: int) -> str:
    start = file.tell()
    name, end, _ = file.read(_LONGEST).partition(b"\0")
    if not end:
        raise bad(path, f"the name of photo {number} does not end")
    file.seek(start + len(name) + 1)
    return name.decode("utf-8", "surrogateescape")


def _short(path: Path, number: int, what: str) -> Exception:
    return bad(path, f"it is cut short after {number:,} {what}")
