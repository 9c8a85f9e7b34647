"""Splats from any format the engine reads. A new format is one file, and one line in a table here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..errors import EngineError
from .activation import Splats
from .antimatter import read_splat
from .compressed_ply import read_compressed_ply
from .files import open_file
from .ply import read_ply
from .ply_header import read_header
from .sog import read_sog
from .spz import read_spz

Reader = Callable[[str | os.PathLike[str]], Splats]


def _read_any_ply(path: str | os.PathLike[str]) -> Splats:
    with open_file(path) as file:
        packed = "packed_position" in read_header(file, path).vertex.fields
    return read_compressed_ply(path) if packed else read_ply(path)


# By the first bytes, whatever the file is called; then, for formats without a mark, by the suffix.
_MARKS: dict[bytes, Reader] = {
    b"ply": _read_any_ply,
    b"\x1f\x8b": read_spz,
    b"NGSP": read_spz,
    b"PK": read_sog,
}
_SUFFIXES: dict[str, Reader] = {".splat": read_splat, ".json": read_sog, ".sog": read_sog}
_SUFFIXES |= {".ply": _read_any_ply, ".spz": read_spz}  # broken ones, which their readers explain


def read_splats(path: str | os.PathLike[str]) -> Splats:
    """Read a splat file: PLY, compressed PLY, .splat, .spz, .sog (or the folder or meta.json of an unpacked one).

    Rows are in the file's order. Raises `EngineError`: "not_found", "no_access", "bad_file", "missing_package".
    """
    path = Path(path)
    if path.is_dir() and (path / "meta.json").is_file():
        return read_sog(path)
    with open_file(path) as file:
        start = file.read(4)
    reader = next((reader for mark, reader in _MARKS.items() if start.startswith(mark)), None)
    reader = reader or _SUFFIXES.get(path.suffix.lower())
    if reader is None:
        raise EngineError(
            "bad_file",
            f"{path.name} is no splat file that can be read: PLY, .splat, .spz and .sog can.",
            ["Convert it to PLY, with SuperSplat for example."],
        )
    return reader(path)
