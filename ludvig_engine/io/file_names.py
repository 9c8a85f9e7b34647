"""Names of files to write, made from names that a file of cameras states.

Such a file may come from anybody and from any system: its names may lead out of a folder, mean a
device on Windows, or differ only in ways that a disk does not see.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from .photo_search import SUFFIXES
from .safe_names import folded
from .targets import is_device

# What Windows forbids in names. The colon also starts a stream: "a:b" is a part of the file "a".
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# Bytes of a name, without the ending: disks take 255.
_LONGEST_NAME = 200
# Bytes of a path below the output folder, without the ending. Windows takes 260 for all of a path,
# unless told else.
_LONGEST_PATH = 230


def file_names(names: Sequence[str], ending: str) -> list[str]:
    """A relative path with `ending` for each name: all distinct, and safe on every system.

    The ending replaces that of a photo. A name that is safe stays as it is, with its folders. Where
    two would meet in one file, as a.jpg and a.png do, one keeps its whole name (a.jpg.png) or gets
    a number. None leads out of the folder that it is put in. Paths count as the same if they differ
    only by upper and lower case or by Unicode form, because many disks say so.
    """
    parts = [_parts(name) for name in names]
    # A file cannot have the name of a folder of another one.
    taken = {folded("/".join(one[:end])) for one in parts for end in range(1, len(one))}
    numbers: Counter[str] = Counter()
    found: dict[int, str] = {}
    # Names that need no change come first, so that they keep it.
    for i in sorted(range(len(names)), key=lambda i: _plain(parts[i], ending) != names[i]):
        first = path = _plain(parts[i], ending)
        if folded(path) in taken:
            path = _path(parts[i], ending)
        while folded(path) in taken:
            numbers[first] += 1
            path = _plain(parts[i], f"_{numbers[first] + 1}{ending}")
        taken.add(folded(path))
        found[i] = path
    return [found[i] for i in range(len(names))]


def _parts(name: str) -> list[str]:
    """The folders and the name of a path, each safe to use. At least one."""
    parts = [part for part in re.split(r"[/\\]", name) if part.strip(" .")]
    return [_safe(part) for part in parts] or ["view"]


def _safe(part: str) -> str:
    text = "".join("_" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in part)
    text = _FORBIDDEN.sub("_", text)
    # Windows drops dots and spaces at the end of a name.
    kept = text.rstrip(" .")
    text = kept + "_" * (len(text) - len(kept))
    if is_device(text):
        start, dot, rest = text.partition(".")
        text = f"{start}_{dot}{rest}"
    return text


def _plain(parts: Sequence[str], ending: str) -> str:
    """The path with its own ending replaced, if that is one of photos."""
    *folders, name = parts
    path = PurePosixPath(name)
    return _path([*folders, path.stem if path.suffix.lower() in SUFFIXES else name], ending)


def _path(parts: Sequence[str], ending: str) -> str:
    """The path; if it is too long, the beginning of its name and a hash of all of it."""
    path = "/".join(parts)
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) <= _LONGEST_NAME and len(path.encode()) <= _LONGEST_PATH:
        return path + ending
    digest = hashlib.sha256(path.encode()).hexdigest()[:16]
    start = parts[-1].encode()[: _LONGEST_NAME - len(digest) - 1].decode("utf-8", "ignore")
    return f"{start}_{digest}{ending}"
