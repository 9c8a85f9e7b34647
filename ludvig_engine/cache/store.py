"""Computed arrays on disk, found again by what they were computed from.

An entry is one frame (wire/frames.py), which is a safetensors file. Its name is the hash of
everything the result depends on (`key`). So an entry is never stale and never changed, and any
number of engines may share a folder without locks: files appear complete, by renaming, and may
vanish at any time. A damaged entry is noticed by its checksum, dropped and computed again. A full
disk costs time, but never a result.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import math
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from ..errors import EngineError
from ..io.atomic import atomic_write
from ..io.files import open_file
from ..outside import system
from ..wire import frames

DEFAULT_LIMIT = 20 << 30  # bytes
# When the limit is exceeded, entries are dropped down to this share of it. Otherwise each new entry
# would have to look for an old one to drop.
KEEP = 0.9
LOOK_SECONDS = 60  # between two looks at the folder; other engines add entries too
# A file that changes twice within the resolution of its time stamp would not look changed.
RACY_SECONDS = 2
# A temporary file this old belongs to an engine that was killed while it wrote.
ABANDONED_SECONDS = 3600
HASH_BYTES = 20

Arrays = dict[str, np.ndarray]

_hash = functools.partial(hashlib.blake2b, digest_size=HASH_BYTES)

log = logging.getLogger(__name__)


def key(stage: str, version: int, params: object, *inputs: str) -> str:
    """The name of a result: its step, the version of that code, its parameters, its inputs' keys.

    `params` is any JSON value; the order of an object's entries does not matter.
    """
    text = json.dumps(
        [stage, version, params, inputs], sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return _hash(text.encode()).hexdigest()


def key_of_array(array: np.ndarray) -> str:
    """The key of an input that is an array."""
    found = _hash(f"{array.dtype.str}{array.shape}".encode())
    found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def default_folder() -> Path:
    """Where this system keeps what can be computed again (`LUDVIG_CACHE` overrides)."""
    if asked := os.environ.get("LUDVIG_CACHE"):
        return Path(asked)
    folder = system.cache_folder() / "ludvig"
    # Windows has one folder for both kinds.
    return folder / "cache" if system.is_windows() else folder


@dataclass(frozen=True)
class Usage:
    entries: int
    size: int  # bytes
    limit: int  # bytes


class Cache:
    """A folder of entries, kept below `limit` bytes by dropping the longest unused."""

    def __init__(
        self,
        folder: Path | None = None,
        limit: int = DEFAULT_LIMIT,
        *,
        note: Callable[[str], object] = log.warning,
    ) -> None:
        """`note` is told once if results cannot be kept, in a sentence for the user."""
        self.folder = folder or default_folder()
        self.limit = limit
        self._note = note
        self._noted = False
        self._size = 0  # of all entries, as far as is known
        self._looked = -math.inf  # when the folder was last looked at
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Whether there is such an entry, damaged or not."""
        return self._path(name).is_file()

    def get(self, name: str) -> Arrays | None:
        """The entry of that key, or None. It counts as used now."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                metadata, arrays = frames.read_frame(_filler(file))
                if (
                    file.read(1)
                    or metadata.get("key") != name
                    or metadata.get("crc32") != _checksum(arrays)
                ):
                    raise frames.ProtocolError("its checksum is wrong")
        except frames.ProtocolError as error:
            log.warning("dropped the damaged cache entry %s: %s", path, error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        except OSError:  # not there; or not readable, which is not a reason to stop either
            return None
        with contextlib.suppress(OSError):  # a folder for reading only
            os.utime(path)
        return arrays

    def put(self, name: str, arrays: Mapping[str, np.ndarray], *, about: str = "") -> None:
        """Keep an entry, if that is possible. `about` is for people who look into the file."""
        path = self._path(name)
        try:
            frame = frames.pack_frame(
                {"key": name, "crc32": _checksum(arrays), "about": about}, arrays
            )
            size = sum(len(piece) for piece in frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, needed=size) as temporary, temporary.open("wb") as file:
                file.writelines(frame)
        except (EngineError, OSError) as error:
            if not self._noted:
                self._noted = True
                self._note(f"Results are not kept for the next time: {error}")
        else:
            self._added(size)

    def get_or(self, name: str, make: Callable[[], Arrays], *, about: str = "") -> Arrays:
        """The entry of that key; made and kept if there is none."""
        arrays = self.get(name)
        if arrays is None:
            arrays = make()
            self.put(name, arrays, about=about)
        return arrays

    def key_of_file(self, path: str | os.PathLike[str]) -> str:
        """The key of a file's content. A file of the same size and time as before is not read
        again.

        Raises `EngineError` "not_found" or "no_access".
        """
        with open_file(path) as file:
            state = os.fstat(file.fileno())
            memo = key("file", 1, [str(Path(path).resolve()), state.st_size, state.st_mtime_ns])
            if entry := self.get(memo):
                return entry["hash"].tobytes().hex()
            # typeshed's BinaryIO has no readinto.
            found = hashlib.file_digest(file, _hash)  # type: ignore[arg-type]
        if time.time() - state.st_mtime > RACY_SECONDS:
            self.put(
                memo, {"hash": np.frombuffer(found.digest(), np.uint8)}, about=f"content of {path}"
            )
        return found.hexdigest()

    def usage(self) -> Usage:
        entries = self._entries()
        return Usage(len(entries), sum(size for _, size, _ in entries), self.limit)

    def clear(self) -> int:
        """Drop all entries, and nothing else that may be in the folder. Returns the bytes freed."""
        with self._lock:
            return self._drop_to(0)

    def _path(self, name: str) -> Path:
        if not re.fullmatch(f"[0-9a-f]{{{2 * HASH_BYTES}}}", name):
            raise ValueError(f"{name!r} is not a key")
        return self.folder / name[:2] / f"{name}.safetensors"

    def _entries(self) -> list[tuple[float, int, Path]]:
        """When last used, size and path of every entry."""
        entries = []
        for path in self.folder.glob("??/*.safetensors"):
            with contextlib.suppress(OSError):  # another engine has dropped it just now
                state = path.stat()
                abandoned = (
                    path.name.startswith(".") and time.time() - state.st_mtime > ABANDONED_SECONDS
                )
                if abandoned:
                    path.unlink()
                elif not path.name.startswith("."):
                    entries.append((state.st_mtime, state.st_size, path))
        return entries

    def _added(self, size: int) -> None:
        with self._lock:
            self._size += size
            if self._size > self.limit or time.monotonic() - self._looked > LOOK_SECONDS:
                self._drop_to(self.limit)

    def _drop_to(self, limit: int) -> int:
        """Above `limit`, drop the longest unused until there is room; returns the bytes freed."""
        entries = sorted(self._entries())
        before = self._size = sum(size for _, size, _ in entries)
        self._looked = time.monotonic()
        for _, size, path in entries if before > limit else []:
            if self._size <= KEEP * limit:
                break
            with contextlib.suppress(OSError):  # open in another engine, on Windows
                path.unlink()
                self._size -= size
        return before - self._size


def _filler(file: BufferedReader) -> Callable[[memoryview], None]:
    def fill(memory: memoryview) -> None:
        if file.readinto(memory) != len(memory):
            raise frames.ProtocolError("it breaks off")

    return fill


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """CRC-32: 6 GB/s where BLAKE2 does 1.2, and the enemy here is a disk."""
    found = 0
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found = zlib.crc32(f"{name} {array.dtype.str} {arrays[name].shape}".encode(), found)
        found = zlib.crc32(array.reshape(-1).view(np.uint8).data, found)
    return f"{found:08x}"
