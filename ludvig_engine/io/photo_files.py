"""Find the photos that camera files name, even if they have been renamed, converted or moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from PIL import Image

from ..errors import EngineError

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


def find_photos(
    names: Iterable[str], folders: Sequence[Path]
) -> tuple[dict[str, Path], Path | None]:
    """The photos called `names` in the folder that holds most of them, and that folder.

    Of several folders with as many, the first one wins. A name matches the file at its relative
    path. Failing that, it matches the only photo with the same stem, in any case and with any image
    extension, in the same subfolder and then in the folder itself ("a/IMG_1.JPG", "a/img_1.png",
    "IMG_1.jpg"). Names without a match, and those that would have to share one, are left out.
    """
    # Only cached for this search, because files come and go.
    listing = cache(_photos_by_stem)
    best: dict[str, Path] = {}
    where = None
    names = list(dict.fromkeys(names))
    for folder in folders:
        found = {name: path for name in names if (path := _match(name, folder, listing))}
        uses = Counter(found.values())
        found = {name: path for name, path in found.items() if uses[path] == 1}
        if len(found) > len(best):
            best, where = found, folder
    return best, where


def photo_size(path: Path) -> tuple[int, int]:
    """Width and height of a photo in pixels, from its header.

    Ignores EXIF orientation, as COLMAP does.
    """
    with open_photo(path) as image:
        return image.size


def open_photo(path: Path) -> Image.Image:
    """An image file, opened but not yet decoded. Raises `EngineError` "not_found" or "bad_file"."""
    try:
        return Image.open(path)
    except FileNotFoundError as error:
        raise EngineError(
            "not_found", f"There is no image {path}.", ["Check the path; was it moved?"]
        ) from error
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> EngineError:
    """The error for an image file that cannot be decoded."""
    return EngineError(
        "bad_file",
        f"The image {path} cannot be read: {error}.",
        ["Replace it with an intact copy, or remove it."],
    )


def stem(name: str) -> str:
    """The file name in lower case without folder and image extension.

    "frame.0001" keeps its number.
    """
    file = name.rpartition("/")[2].lower()
    return str(Path(file).with_suffix("")) if Path(file).suffix in SUFFIXES else file


def _match(
    name: str, folder: Path, listing: Callable[[Path], dict[str, list[Path]]]
) -> Path | None:
    if (folder / name).is_file():
        return folder / name
    for parent in dict.fromkeys([(folder / name).parent, folder]):
        same = listing(parent).get(stem(name), [])
        for paths in (same, [p for p in same if p.suffix.lower() == Path(name).suffix.lower()]):
            if len(paths) == 1:
                return paths[0]
    return None


def _photos_by_stem(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.suffix.lower() in SUFFIXES:
            found.setdefault(stem(path.name), []).append(path)
    return found
