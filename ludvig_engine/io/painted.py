"""What people paint or export for a photo, as it is stored: ids, gray levels or colors, and alpha.

Masks and scribbles are read alike. Nothing is scaled here, because a mask with the ids 0 and 1 in a
palette is as good as one in black and white.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Shaped, UInt8
from ..errors import EngineError, plural
from ..scene import View
from .numpy_files import SUFFIXES, read_array
from .photo_files import decoding, open_photo
from .photos import file_size
from .shots import same_shape
from .upright import swaps, turned, turns_of

# A painting may be this many times as long as its photo, or have FREE pixels: more is a mistake, or
# a small file that unpacks to gigabytes.
LONGER = 4
FREE = 16_000_000
# Formats whose values are not exactly those that were saved.
_LOSSY = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF", "HEIF")


@dataclass(frozen=True)
class Painted:
    """An image as stored: `values` (h, w) are ids or gray levels, (h, w, 3) are colors 0..255."""

    values: Shaped[Array, "..."]
    alpha: UInt8[Array, "h w"] | None = None  # None: opaque
    # The value of white, as far as the type of the pixels tells.
    white: float = 255
    lossy: bool = False
    mode: str = "array"  # of the pixels, for people

    @property
    def colored(self) -> bool:
        return self.values.ndim == 3


def read_painted(path: Path, view: View) -> Painted:
    """An image file or array that belongs to a view's photo, turned as the photo is stored.

    Raises `EngineError`: "not_found" or "bad_file" for the file, "bad_input" if it does not have
    the photo's shape.
    """
    if path.suffix.lower() in SUFFIXES:
        painted = of_array(read_array(path), path.name)
        _check(path, (painted.values.shape[1], painted.values.shape[0]), view)
        return painted
    with open_photo(path) as opened:
        turns = turns_of(opened, view)
        _check(path, opened.size[::-1] if swaps(turns) else opened.size, view)
        with decoding(path):
            opened.load()
            image = turned(opened, turns)
    return _of_image(image)


def read_plain(path: Path) -> Painted:
    """An image file by itself. Raises `EngineError` "not_found" or "bad_file"."""
    with open_photo(path) as image, decoding(path):
        image.load()
    return _of_image(image)


def of_array(array: Shaped[Array, "..."], name: str) -> Painted:
    """An array (rows, columns), or with 3 or 4 channels last; sides of length 1 are left out.

    Raises `EngineError` "bad_input" for other shapes, and for NaN, infinite or negative values.
    """
    values = array
    if values.ndim > 2 and 1 in values.shape:
        values = values.reshape([side for side in values.shape if side != 1] or [1, 1])
    if 0 in values.shape or not (
        values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    ):
        raise EngineError(
            "bad_input",
            f"{name} has the shape {array.shape}, but one value per pixel is expected.",
            ["Give one mask, as (rows, columns)."],
        )
    if values.dtype.kind not in "biuf":
        raise EngineError(
            "bad_input", f"{name} has values of the type {array.dtype}.", ["Give numbers."]
        )
    if values.dtype.kind == "f":
        values = np.ascontiguousarray(values, np.float64)
        if bad := int((~np.isfinite(values)).sum()):
            raise EngineError(
                "bad_input",
                f"{name} has {plural(bad, 'value that is', 'values that are')} NaN or infinite.",
                ["Replace these values by 0."],
            )
    if values.dtype.kind in "if" and (low := int((values < 0).sum())):
        raise EngineError(
            "bad_input",
            f"{name} has {plural(low, 'negative value')}, down to {values.min():g}.",
            ["Give 0 where the object is not: array > 0, if these are scores."],
        )
    most = float(values.max())
    white = next((full for full in (1, 255, 65535) if most <= full), most)
    if values.dtype.kind in "ui":
        white = max(white, 255.0)
    if values.dtype.kind == "b":
        values, white = values.astype(np.uint8), 1.0
    if values.ndim == 2:
        return Painted(values, white=white)
    scaled = np.round(values * (255 / white)).astype(np.uint8)
    alpha = scaled[..., 3] if values.shape[2] == 4 else None
    return Painted(_less_gray(scaled[..., :3]), alpha, mode="array of colors")


def _of_image(image: Image.Image) -> Painted:
    lossy, mode = image.format in _LOSSY, image.mode
    alpha = None
    if image.has_transparency_data:
        with_alpha = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
        alpha = np.asarray(with_alpha.getchannel("A"))
    if mode == "P":
        return Painted(_palette(image), alpha, lossy=lossy, mode="palette")
    if mode in ("1", "L", "LA", "La"):
        gray = image if mode == "L" else image.convert("L") if mode == "1" else image.getchannel(0)
        return Painted(np.asarray(gray), alpha, lossy=lossy, mode=mode)
    if mode.startswith(("I", "F")):
        # 16 bits, 32 bits, or floats: ids as well as brightness.
        read = of_array(np.asarray(image), "The image")
        white = max(read.white, 65535.0) if mode.startswith("I;16") else read.white
        return Painted(read.values, alpha, white, lossy, mode)
    return Painted(_less_gray(np.asarray(image.convert("RGB"))), alpha, lossy=lossy, mode=mode)


def _less_gray(colors: Shaped[Array, "h w 3"]) -> Shaped[Array, "..."]:
    """One channel, where all three are the same."""
    few = colors[::16, ::16]  # which tells for most pictures, in no time
    same = (few == few[..., :1]).all() and (colors == colors[..., :1]).all()
    return np.ascontiguousarray(colors[..., 0]) if same else colors


def _palette(image: Image.Image) -> Array:
    """The ids of a palette image, or its colors where those are what was painted.

    Label maps count from a black 0. Editors that save black and white with a palette put the colors
    in any order, so there an index says nothing.
    """
    index = np.asarray(image)
    used = np.unique(index)
    colors = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    if used[-1] >= len(colors):
        return index
    shown = colors[used]
    apart = len(np.unique(shown, axis=0)) == len(used)
    if apart and (np.ptp(shown.astype(int), axis=1) <= 2).all():
        return colors[index].max(2)
    if colors[0].any() and apart and (shown.max(1) == 0).any():
        return colors[index]
    return index


def _check(path: Path, size: tuple[int, int], view: View) -> None:
    photo = file_size(view)
    if not same_shape(size, photo):
        raise EngineError(
            "bad_input",
            f"{path.name} is {size[0]}x{size[1]}, "
            f"but the photo {view.name} is {photo[0]}x{photo[1]}.",
            ["Paint on the photo itself, without cropping or rotating it."],
        )
    if size[0] * size[1] > FREE and max(size) > LONGER * max(photo):
        raise EngineError(
            "bad_input",
            f"{path.name} is {size[0]}x{size[1]}, more than {LONGER} times as long as the photo "
            f"{view.name} of {photo[0]}x{photo[1]}.",
            ["Save it at the size of the photo."],
        )
