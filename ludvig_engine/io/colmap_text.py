"""cameras.txt and images.txt of COLMAP, also after they have been through an editor.

Lines may end as on Windows, be blank or comments, and begin with a byte order mark; the text may be
UTF-16, which Notepad calls Unicode.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

from ..errors import plural
from .colmap_rows import CameraRow, ImageRow, bad
from .files import open_file


def cameras(path: Path) -> Iterator[CameraRow]:
    """The rows of cameras.txt: `id model width height parameters`."""
    for number, line in enumerate(_lines(path)):
        fields = line.split()
        if not fields:
            continue
        if len(fields) < 4:
            raise bad(path, f"row {number} has {len(fields)} fields")
        key, width, height = _integers(path, number, [fields[0], *fields[2:4]])
        yield CameraRow(key, fields[1], (width, height), _numbers(path, number, fields[4:]))


def images(path: Path) -> Iterator[ImageRow]:
    """The rows of images.txt: `id qw qx qy qz tx ty tz camera name`.

    The line after each has the points of the image, three numbers each. It may be blank, and some
    programs leave it out: then the next line is an image again.
    """
    after_image = False
    count = 0
    for line in _lines(path):
        fields = line.split(maxsplit=9)
        if after_image and _are_points(line):
            after_image = False
            continue
        if not fields:
            continue
        if len(fields) < 10:
            raise bad(path, f"it is cut short after {plural(count, 'photo')}")
        _, camera = _integers(path, count, [fields[0], fields[8]])
        yield ImageRow(camera, _numbers(path, count, fields[1:8]), fields[9])
        after_image = True
        count += 1


def _lines(path: Path) -> Iterator[str]:
    """The lines without comments, which are not even blank lines, and without spaces around."""
    with open_file(path) as file:
        start = file.read(2)
        file.seek(0)
        wide = start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        encoding, errors = ("utf-16", "replace") if wide else ("utf-8-sig", "surrogateescape")
        with TextIOWrapper(file, encoding, errors) as text:
            for line in text:
                if not line.lstrip().startswith("#"):
                    yield line.strip()


def _are_points(line: str) -> bool:
    """Whether a line can be the points of an image.

    An image has ten fields or more with its name at the end; points are threes of numbers.
    """
    count = len(line.split())
    if count % 3:
        return False
    try:
        return not count or float(line.rsplit(maxsplit=1)[-1]) is not None
    except ValueError:
        return False


def _integers(path: Path, number: int, fields: Sequence[str]) -> tuple[int, ...]:
    try:
        return tuple(map(int, fields))
    except ValueError as error:  # of letters, and of endless numbers
        raise bad(path, f"row {number} has no whole numbers where they should be") from error


def _numbers(path: Path, number: int, fields: Sequence[str]) -> tuple[float, ...]:
    try:
        return tuple(map(float, fields))
    except ValueError as error:
        raise bad(path, f"row {number} has something else where numbers should be") from error
