"""Splat files that were packed once more: gzipped ones, and zips that hold one splat file.

Packed files are read as a stream, so that no more is unpacked than a reader asks for. A file of a
few kilobytes can unpack to gigabytes; so there is a limit to what can come of one. Standard library
only: this also runs inside Blender.
"""

from __future__ import annotations

import gzip
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import EngineError
from .files import BLOCK, Raw, buffered, damage_explained, open_file, size_of

# Content may be this many times as large as its file. Splats that differ in nothing but their
# places, the most regular ones there are, pack to a twentieth.
RATIO = 100
# Bytes that any file may unpack to. Tiny scenes, such as those of tests, can be more regular still.
FLOOR = 16 << 20
# A scan that is gzipped and then put into a zip has two layers, and an SPZ has one of its own.
_LAYERS = 3
_Source = gzip.GzipFile | zipfile.ZipExtFile
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\3\4"
# What other packed files begin with.
_OTHERS = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"\xfd7zXZ\0": "xz",
    b"BZh91AY&SY": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
# Names of splat files in a zip; the file's content decides which format it is.
_SPLATS = re.compile(r"\.(ply|splat|ksplat|spz|sog)(\.gz)?$", re.IGNORECASE)
# What macOS puts beside the files.
_HIDDEN = re.compile(r"(^|/)(__MACOSX/|\.)")


def limit(size: int) -> int:
    """How many bytes a file of this size may unpack to."""
    return max(RATIO * size, FLOOR)


@contextmanager
def open_unpacked(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The content of a file as `open_file` gives it, and that of packed files unpacked.

    A zip with a meta.json is left as it is, because that is a SOG. Raises the errors of
    `open_file`, and `EngineError` "bad_file" if the file is damaged or packed in another way, if a
    zip holds no splat file or several, and, while reading, if more comes out than `limit` allows.
    """
    name = Path(path).name
    with ExitStack() as stack:
        file = stack.enter_context(open_file(path))
        most = limit(size_of(file))
        for _ in range(_LAYERS):
            start = file.peek(16)[:16]  # type: ignore[attr-defined]  # which BinaryIO lacks
            source: _Source | None = None
            if start.startswith(_GZIP):
                source = gzip.GzipFile(fileobj=file)
                inner = file.name.removesuffix(".gz")
            elif start.startswith(_ZIP):
                source = _splats_in(file, name)
                inner = source.name if source else ""
                file.seek(0)
            elif other := next((o for mark, o in _OTHERS.items() if start.startswith(mark)), ""):
                raise EngineError(
                    "bad_file",
                    f"{name} is packed with {other}, which cannot be read here.",
                    ["Unpack it, and choose the splat file."],
                )
            if source is None:
                break
            file = stack.enter_context(buffered(_Stream(source, most, name, inner)))
        yield file


class _Stream(Raw):
    """Unpacked content, at most `size` bytes of it. Seeking reads, from the start if need be."""

    def __init__(self, source: _Source, size: int, outer: str, name: str) -> None:
        self._source = source
        self._outer = outer
        self._at = 0
        self.size = size
        self.name = name

    def some(self, buffer: memoryview) -> int:
        with damage_explained(self._outer):
            block = self._source.read(len(buffer))
        self._at += len(block)
        if self._at > self.size:
            raise EngineError(
                "bad_file",
                f"{self._outer} cannot be read: it unpacks to more than {self.size / 1e6:,.0f} MB, "
                f"more than {RATIO} times its size, which no scan does.",
                ["Unpack it with another program, and choose the file that it holds."],
            )
        buffer[: len(block)] = block
        return len(block)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            while self.read(BLOCK):
                pass
        target = offset + (0 if whence == os.SEEK_SET else self._at)
        if target < self._at:
            self._source.seek(0)
            self._at = 0
        while self._at < target and self.read(min(BLOCK, target - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._source.close()
        super().close()


def _splats_in(file: BinaryIO, name: str) -> zipfile.ZipExtFile | None:
    """The one splat file of a zip, opened; None for a SOG."""
    with damage_explained(name):
        bundle = zipfile.ZipFile(file)
        members = [i for i in bundle.infolist() if not (i.is_dir() or _HIDDEN.search(i.filename))]
    if any(Path(member.filename).name == "meta.json" for member in members):
        return None
    found = [member for member in members if _SPLATS.search(member.filename)]
    if len(found) != 1:
        names = ", ".join(member.filename[:60] for member in (found or members)[:3])
        raise EngineError(
            "bad_file",
            f"{name} is a zip that holds {len(found) or 'no'} splat files: "
            f"{names or 'it is empty'}{', ...' if len(found or members) > 3 else ''}.",
            ["Unpack it, and choose the splat file."],
        )
    # The other methods of zips are unpacked in pieces of any size.
    if found[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise EngineError(
            "bad_file",
            f"{name} is a zip that is not packed in the usual way (deflate).",
            ["Unpack it, and choose the splat file."],
        )
    with damage_explained(name):
        return cast(zipfile.ZipExtFile, bundle.open(found[0]))
