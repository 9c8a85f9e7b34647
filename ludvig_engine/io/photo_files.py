"""Photo files: opened within limits, their size, and the turn that their EXIF data asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ..errors import EngineError
from .files import damage_explained
from .shots import MAX_PIXELS

# Pillow warns of photos beyond 89 megapixels and refuses those beyond 179, both on the way to the
# user's screen. `open_photo` has a limit of its own.
Image.MAX_IMAGE_PIXELS = None
# A file of 21 kB can hold an image that takes 177 MB to decode. Above so many pixels, one byte must
# not stand for more than so many: 4400 do in an empty image of 4 colors, and in photos below 50.
_BOMB, _PER_BYTE = 64_000_000, 6000
# Pixels that a byte of a PNG can stand for: Deflate packs 1032 bytes into one, of 8 pixels each.
_PNG_PER_BYTE = 8 * 1032
_ORIENTATION = 0x0112  # the EXIF tag
_REMEDY = "Replace it with an intact copy, or remove it."
# Formats whose EXIF data is in the header. In a PNG it may follow the pixels, and looking for it
# would decode them all.
_EXIF_FIRST = ("JPEG", "MPO", "TIFF", "WEBP", "AVIF")


def photo_size(path: Path) -> tuple[int, int]:
    """Width and height of a photo in pixels as they are stored, from its header."""
    return size_and_turn(path)[0]


def size_and_turn(path: Path) -> tuple[tuple[int, int], int]:
    """The size of a photo as it is stored, and its EXIF orientation, 1 to 8.

    1 means that it is to be shown as it is stored; from 5 on, width and height are exchanged.
    """
    with open_photo(path) as image:
        turn = orientation(image)
        return turned_size(image.size, applied_turn(image)), turn


def applied_turn(image: Image.Image) -> int:
    """The EXIF orientation that Pillow applies by itself when it decodes an image: that of TIFFs.

    The size of an opened TIFF is the turned one, too.
    """
    return orientation(image) if image.format == "TIFF" else 1


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an opened image, 1 to 8."""
    if image.format not in _EXIF_FIRST and "exif" not in image.info:
        return 1
    try:
        with decoding(Path(image.format or "")):
            turn = image.getexif().get(_ORIENTATION, 1)
    except EngineError:  # metadata that cannot be read says nothing
        return 1
    return turn if turn in range(1, 9) else 1


def turned_size(size: tuple[int, int], turn: int) -> tuple[int, int]:
    """The size of a photo after an EXIF orientation is applied."""
    return (size[1], size[0]) if turn >= 5 else size


def open_photo(path: Path) -> Image.Image:
    """An image file, opened but not yet decoded.

    Raises `EngineError`: "not_found", or "bad_file" if it is damaged, no regular file, or has more
    than `MAX_PIXELS`.
    """
    if not path.exists():
        raise EngineError(
            "not_found", f"There is no image {path}.", ["Check the path; was it moved?"]
        )
    if not path.is_file():  # reading a pipe or a device may never end
        raise _unreadable(path, "it is not a regular file")
    with decoding(path):
        try:
            image = Image.open(path)
        except UnidentifiedImageError as error:  # whose own sentence is the path once more
            raise _unreadable(path, "it is of no image format that is known") from error
    (width, height), size = image.size, path.stat().st_size
    pixels = width * height
    if pixels > MAX_PIXELS:
        image.close()
        raise EngineError(
            "bad_file",
            f"The image {path} has {pixels / 1e6:,.0f} megapixels ({width}x{height}); "
            f"more than {MAX_PIXELS // 10**6} are not read.",
            ["Scale it down, and the other photos with it."],
        )
    most = _PNG_PER_BYTE * size if image.format == "PNG" else pixels
    if pixels > most or (pixels > _BOMB and pixels > _PER_BYTE * size):
        image.close()
        raise _unreadable(path, f"{size:,} bytes are too few for {width}x{height} pixels")
    return image


def decoding(path: Path) -> AbstractContextManager[None]:
    """Turn what Pillow raises for a damaged image into `EngineError` "bad_file".

    That includes MemoryError, which Pillow raises for PNGs whose header contradicts their content.
    """
    return damage_explained(f"The image {path}", MemoryError, fix=_REMEDY)


def _unreadable(path: Path, reason: str) -> EngineError:
    return EngineError(
        "bad_file",
        f"The image {path} cannot be read: {reason}.",
        [_REMEDY],
    )
