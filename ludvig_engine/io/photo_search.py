"""Find the photos that camera files name, even if they have been renamed, converted or moved."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SUFFIXES = {
    ".jpg",
    ".jpeg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
    ".bmp",
    ".jp2",
    ".avif",
    ".ppm",
    ".pgm",
    ".gif",
}
# What programs on Windows write names in when it is not UTF-8: western, Japanese, Chinese, Korean
# and Cyrillic; and what old zip programs make of names. latin_1 can read everything.
_ENCODINGS = ("cp1252", "cp932", "gb18030", "cp949", "cp1251", "cp437", "latin_1")


@dataclass(frozen=True)
class Found:
    """The photos of some names, and the names that get none for fear of mistaking them."""

    photos: dict[str, Path]
    folder: Path | None  # the one that most of them are in
    # Names that would have to share a file with others.
    shared: tuple[str, ...] = ()


def find_photos(names: Sequence[str], folders: Sequence[Path]) -> Found:
    """The photos called `names` in the folder that holds most of them.

    Of several folders with as many, the first one wins. A name matches the file at its relative
    path. Failing that, it matches the only photo with the same stem, in any case, in any form of
    Unicode, without spaces around it and with any image extension, in the same subfolder and then
    in the folder itself ("a/IMG_1.JPG", "a/img_1.png", "IMG_1.jpg"). No file is given to two names,
    and names that occur twice match nothing.
    """
    listing = _Listing()  # only for this search, because files come and go
    counts = Counter(names)
    best = Found({}, None)
    for folder in filter(Path.is_dir, folders):
        matched = {name: listing.match(name, folder) for name in counts if counts[name] == 1}
        found = _without_shared({name: path for name, path in matched.items() if path}, folder)
        if (len(found.photos), len(found.shared)) > (len(best.photos), len(best.shared)):
            best = found
    return best


def _without_shared(found: dict[str, Path], folder: Path) -> Found:
    """A file at the very path of a name is that name's; others may not share one.

    Files are told apart by their number on the disk: where case does not matter, "a.jpg" and
    "A.JPG" are two paths of one file.
    """
    files = {name: _identity(path) for name, path in found.items()}
    exact = Counter(files[name] for name, path in found.items() if path == folder / name)
    uses = Counter(files.values())
    photos = {
        name: path
        for name, path in found.items()
        if uses[files[name]] == 1 or (path == folder / name and exact[files[name]] == 1)
    }
    shared = tuple(name for name in found if name not in photos)
    return Found(photos, folder if found else None, shared)


def _identity(path: Path) -> object:
    status = path.stat()
    return (status.st_dev, status.st_ino) if status.st_ino else path


def decoded(names: Sequence[str], folders: Sequence[Path]) -> tuple[list[str], str]:
    """Names as text, and the encoding that they were written in if it was not UTF-8, else "".

    Bytes that are not UTF-8 come as surrogates (Python's surrogateescape). Of the usual encodings,
    the one in which most photos are found is taken. Short names may be UTF-8 by chance, so those
    are tried as well if their photos are missing.
    """
    best: tuple[int, str, list[str]] = (-1, "", list(names))
    if all(map(str.isascii, names)):
        return best[2], best[1]
    for encoding, spelled in _spellings(names):
        found = len(find_photos(spelled, folders).photos)
        if found > best[0]:
            best = (found, encoding, spelled)
        if found == len(names):
            break
    return best[2], best[1]


def _spellings(names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The names as they are if they are text, then in every encoding that can be theirs."""
    if all(map(_is_text, names)):
        yield "", list(names)
    for whole in (False, True):  # only those which are not text, or all
        if all(name.isascii() if whole else _is_text(name) for name in names):
            continue
        for encoding in _ENCODINGS:
            try:
                spelled = [_decode(n, encoding) if whole or not _is_text(n) else n for n in names]
            except UnicodeDecodeError:
                continue
            yield encoding, spelled


def stem(name: str) -> str:
    """The file name in lower case and composed Unicode, without folder and image extension.

    "frame.0001" keeps its number.
    """
    file = _folded(name.rpartition("/")[2])
    return str(Path(file).with_suffix("")) if Path(file).suffix in SUFFIXES else file


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _decode(name: str, encoding: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode(encoding)


def _folded(name: str) -> str:
    # File names on a disk may also be bytes that are no UTF-8.
    text = name if _is_text(name) else _decode(name, "latin_1")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


class _Listing:
    """The files of folders, each read once."""

    def __init__(self) -> None:
        self._photos = cache(_photos_by_stem)
        self._folders = cache(_folders_by_name)
        self._parent = cache(self._find_parent)

    def match(self, name: str, folder: Path) -> Path | None:
        # os.path.isfile is False, not an error, for names that no file can have.
        if os.path.isfile(os.path.join(folder, name)):  # noqa: PTH113, PTH118
            return folder / name
        suffix = Path(name).suffix.lower()
        for parent in dict.fromkeys([self._parent(os.path.dirname(name), folder), folder]):  # noqa: PTH120
            same = self._photos(parent).get(stem(name), []) if parent else []
            for paths in (same, [path for path in same if path.suffix.lower() == suffix]):
                if len(paths) == 1:
                    return paths[0]
        return None

    def _find_parent(self, parent: str, folder: Path) -> Path | None:
        """The subfolder `parent` of a folder; its name may differ in case and Unicode form."""
        found = folder
        for part in Path(parent).parts:
            same = self._folders(found).get(_folded(part), [])
            if os.path.isdir(found / part):  # noqa: PTH112
                found = found / part
            elif len(same) == 1:
                found = same[0]
            else:
                return None
        return found


def _photos_by_stem(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            found.setdefault(stem(path.name), []).append(path)
    return found


def _folders_by_name(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_dir():
            found.setdefault(_folded(path.name), []).append(path)
    return found
