"""Open a file for reading, or explain in a sentence why that fails.

NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from textwrap import shorten
from typing import Any, BinaryIO, cast

import numpy as np

from ..arrays import Array, Shaped
from ..errors import EngineError

# At most this many bytes are read between two looks whether the reading was cancelled.
BLOCK = 1 << 20
# What libraries raise for damaged data, where they check at all. zlib, struct and zipfile have
# errors of their own; Pillow, NumPy and json add nearly every built-in one, and promise no list.
# Errors that mean something else are not here: MemoryError, and those of this package.
_OF_DAMAGE: tuple[type[Exception], ...] = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
    *(struct.error, zlib.error, zipfile.BadZipFile),
)

# Called before each read: a variable of the thread, because readers are many, and each would
# only hand it on.
_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextmanager
def stopping(check: Callable[[], None]) -> Iterator[None]:
    """Call `check` at least once for each MiB that this thread reads within the block.

    `Job.check` raises `Cancelled` there, which ends the reading.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


class Raw(io.RawIOBase):
    """The unbuffered side of a file that is read. Subclasses say how to get the next bytes."""

    # How many bytes there are; for packed content, how many there can be at most.
    size: int
    name: str  # of the file, or of the one that is packed in it
    mode = "rb"  # every BinaryIO has one

    def some(self, buffer: memoryview) -> int:
        """Read into the buffer; return how many bytes were read, 0 at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    # typeshed's buffers are of more types than the memoryview that this always gets.
    def readinto(self, buffer: Any) -> int:
        _check.get()()
        return self.some(memoryview(buffer)[:BLOCK])

    def readall(self) -> bytes:
        """The rest; RawIOBase would read it in small pieces."""
        return b"".join(iter(lambda: self.read(BLOCK) or b"", b""))


class _OnDisk(Raw):
    def __init__(self, file: io.FileIO, name: str) -> None:
        self._file = file
        self.name = name
        self.size = os.fstat(file.fileno()).st_size

    def some(self, buffer: memoryview) -> int:
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The file, open for reading bytes; `size_of` knows its size.

    Raises `EngineError`: "not_found" or "no_access", and "bad_file" for what is no regular file and
    may never end, such as pipes and devices.
    """
    path = Path(path)
    try:
        kind = path.stat().st_mode
        # Not earlier, because opening a pipe waits for somebody who writes to it.
        file = path.open("rb", buffering=0) if stat.S_ISREG(kind) else None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EngineError(
            "not_found", f"There is no file {path}.", ["Check the path; was it moved?"]
        ) from error
    except (OSError, ValueError) as error:  # a path with a zero character is a ValueError
        raise EngineError(
            "no_access",
            f"Cannot read {path}: {getattr(error, 'strerror', None) or error}.",
            ["Check its permissions."],
        ) from error
    if stat.S_ISDIR(kind):
        raise EngineError(
            "not_found", f"{path} is a folder, not a file.", ["Choose the file itself."]
        )
    if file is None:
        raise _special(path)
    with buffered(_OnDisk(cast(io.FileIO, file), path.name)) as opened:
        # The system's own files, as in /proc, claim to be empty.
        if not size_of(opened) and opened.peek(1):
            raise _special(path)
        yield opened


class Buffered(io.BufferedReader):
    """A file whose reads take no more memory than it has bytes, whatever number they ask for."""

    def read(self, size: int | None = -1) -> bytes:
        most = size_of(self)
        return super().read(size if size is None or size < most else most)


def buffered(raw: Raw) -> Buffered:
    """A file to read from, whose content `raw` provides."""
    return Buffered(raw, 1 << 16)


def size_of(file: BinaryIO) -> int:
    """How many bytes a file of `open_file` or `open_unpacked` has; for packed ones, at most."""
    raw: Raw = file.raw  # type: ignore[attr-defined]  # BinaryIO is how typeshed calls them all
    return raw.size


@contextmanager
def damage_explained(
    name: str, *errors: type[Exception], fix: str = "Download or export the file again."
) -> Iterator[None]:
    """Turn what a library raises for damaged data, and `errors`, into an `EngineError` "bad_file".

    Only the library's calls belong into the block, because an error of our own would be blamed on
    the file as well.
    """
    try:
        yield
    except (*_OF_DAMAGE, *errors) as error:
        raise EngineError(
            "bad_file",
            f"{name} cannot be read: it is damaged or cut short ({_in_words(error)}).",
            [fix],
        ) from error


def _in_words(error: Exception) -> str:
    """One short line. A KeyError's text is only the key, and some errors have none."""
    if isinstance(error, MemoryError):
        return "it asks for more memory than there is"
    text = shorten(str(error), 200)
    kind = type(error).__name__
    return f"{kind} {text}".rstrip() if isinstance(error, KeyError) or not text else text


def _special(path: Path) -> EngineError:
    return EngineError(
        "bad_file",
        f"{path} is a pipe, a device or another special file, not one with content of its own.",
        ["Choose a regular file."],
    )


def read_records(file: BinaryIO, dtype: np.dtype[Any], count: int) -> Shaped[Array, " M"]:
    """The next `count` records of a file, or as many as there are.

    np.fromfile is no alternative: it may stop early when the system interrupts it, and then
    silently returns fewer records.
    """
    records = np.empty(count, dtype)
    # typeshed's BinaryIO has no readinto.
    size = file.readinto(records.view(np.uint8).data)  # type: ignore[attr-defined]
    return records[: size // records.itemsize]


def read_json(path: str | os.PathLike[str]) -> Any:
    """The content of a JSON file.

    Raises `EngineError` like `open_file`, and "bad_file" for bad JSON.
    """
    with open_file(path) as file:
        return parse_json(file.read(), str(path))


def parse_json(text: bytes, name: str) -> Any:
    """The content of a JSON text, called `name` in messages. Raises `EngineError` "bad_file"."""
    try:
        return json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:  # ValueError: of syntax or of encoding
        why = "its brackets are too deep" if isinstance(error, RecursionError) else error
        raise EngineError(
            "bad_file", f"{name} is not valid JSON: {why}.", ["Export it again."]
        ) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Which of two values of one key is meant, nobody knows."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:40]!r} is there twice in one object")
        found[key] = value
    return found
