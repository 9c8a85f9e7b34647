"""Photos and clicks, between the photo file's pixels and the view's pinhole camera.

A photo, its masks and its cameras all refer to the same pixels: those that are stored, or, where
the cameras were made for photos turned as EXIF says, the turned ones (`View.turn`).

Pixels of a photo file are counted as indices, so that (0, 0) is the middle of the upper left pixel.
Cameras count continuously and have that middle at (0.5, 0.5). `photo_point` converts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import zoom

from ..arrays import Array, Bool, Float, Shaped
from ..errors import EngineError, Fix, plural
from ..scene import Photo, View
from .lens import Lens
from .photo_files import applied_turn, decoding, open_photo, turned_size
from .photo_mask import kept

# Averages when it shrinks, and unlike Lanczos it never rings.
FILTER = Image.Resampling.HAMMING
# What each EXIF orientation does to the stored pixels (rows, columns, channels).
_TURNS: dict[int, Callable[[Array], Array]] = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}
_BACK = {6: 8, 8: 6}  # the others are their own inverse


def read_photo(view: View) -> Photo:
    """The photo of a view, or what was rendered in its place, undistorted, at its camera's size.

    All modes that Pillow reads are supported, including 16 bits. Transparent pixels (alpha below
    one half), those where the view's mask is 0, and those beyond the border of the lens's image are
    not valid. Raises `EngineError`:
    "not_found" if the view has no photo, "bad_file" if the photo is damaged or has changed its
    size.
    """
    if view.photo is None:
        if view.render is not None:
            return view.render()
        raise EngineError(
            "not_found",
            f"The photo {view.name} is missing.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    with open_photo(view.photo) as image:
        done = applied_turn(image)  # before it is decoded, which makes Pillow forget it
        size = turned_size(turned_size(image.size, done), view.turn)
        if all(view.photo_size) and size != view.photo_size:
            what = f"{view.photo} is now {_by(size)}, no longer {_by(view.photo_size)}."
            raise EngineError("bad_file", what, ["Load the scene again."])
        pixels = turned_pixels(image, view, _grid(view))
    valid = None
    turn = _TURNS[view.turn] if view.turn >= 5 else None
    counts = kept(view.mask, size, _grid(view), turn) if view.mask else None
    if isinstance(view.lens, Lens):
        pixels, valid = view.lens.undistort(pixels)
        if counts is not None:  # a pixel that mixes in what is masked out does not count
            counts = view.lens.undistort(counts.astype(np.float32))[0] > 0.999
    if pixels.shape[2] == 4:
        opaque = pixels[..., 3] >= 0.5
        valid = opaque if valid is None else valid & opaque
    if counts is not None:
        valid = counts if valid is None else valid & counts
    return Photo(
        view.name,
        np.ascontiguousarray(pixels[..., :3]),
        None if valid is None or valid.all() else valid,
    )


def turned_pixels(image: Image.Image, view: View, size: tuple[int, int]) -> Float[Array, "h w C"]:
    """The pixels of a view's photo, opened as `image`, turned as its cameras take them.

    `size` is the width and height after turning; channels are those of `decode`.
    """
    done = applied_turn(image)  # before it is decoded, which makes Pillow forget it
    # Exchanging width and height twice is exchanging them back.
    stored = turned_size(turned_size(size, view.turn), done)
    pixels = decode(image, Path(view.photo or view.name), stored)
    return _TURNS[view.turn](_TURNS[_BACK.get(done, done)](pixels))


def photo_point(view: View, x: float, y: float) -> tuple[float, float]:
    """Where pixel (x, y) of the photo file is in the view's camera.

    x and y are indices: (0, 0) is the middle of the upper left pixel. The result is continuous, in
    pixels of the camera, with that middle at (0.5, 0.5). Raises `EngineError` "bad_input" if the
    pixel is outside the photo, or where the lens model has no ray for it.
    """
    size = file_size(view)
    if not (0 <= x < size[0] and 0 <= y < size[1]):
        raise EngineError(
            "bad_input",
            f"The point ({x:g}, {y:g}) is outside the photo {view.name}, "
            f"which is {_by(size)} pixels.",
            [f"Give x from 0 to {size[0] - 1} and y from 0 to {size[1] - 1}."],
        )
    point = (np.array([[x, y]]) + 0.5) * _grid(view) / size
    if isinstance(view.lens, Lens):
        point = view.lens.to_pinhole(point)
    if np.isnan(point).any():
        raise EngineError(
            "bad_input",
            f"The lens of {view.name} has no image at ({x:g}, {y:g}).",
            ["Click elsewhere."],
        )
    return float(point[0, 0]), float(point[0, 1])


def to_photo(view: View, image: Shaped[Array, "H W ..."]) -> Shaped[Array, "h w ..."]:
    """An image of the view's camera (a mask, scores) with the size and geometry of the photo file.

    Floats are interpolated, other types take the nearest value. Pixels that the camera does not
    reach are 0.
    """
    if isinstance(view.lens, Lens):
        image = view.lens.to_photo(image)
    width, height = file_size(view)
    factors = (height / image.shape[0], width / image.shape[1], *[1] * (image.ndim - 2))
    if factors == (1,) * image.ndim:
        return image
    return zoom(
        image, factors, order=1 if image.dtype.kind == "f" else 0, mode="nearest", grid_mode=True
    )


def file_size(view: View) -> tuple[int, int]:
    """Width and height of a view's photo file, or of its camera if that is not known."""
    return view.photo_size if all(view.photo_size) else _grid(view)


def _grid(view: View) -> tuple[int, int]:
    """The size that a photo is handled at: about the camera's resolution, in the photo's shape."""
    return (
        view.lens.photo_size
        if isinstance(view.lens, Lens)
        else (view.camera.width, view.camera.height)
    )


def decode(image: Image.Image, path: Path, size: tuple[int, int]) -> Float[Array, "h w C"]:
    """The image at `size`, 0..1, with 3 channels, or 4 if it has alpha."""
    with decoding(path):
        # JPEGs can be decoded at 1/2, 1/4 or 1/8 of their size in a fraction of the time. The box
        # excludes the padding of the last pixel.
        _, box = image.draft(None, size) or (None, None)
        image.load()
        if image.mode.startswith(("I", "F")):  # one channel of 16 bits, or of floats
            gray = Image.fromarray(_brightness(image, path)).resize(size, FILTER)
            return np.repeat(np.asarray(gray)[..., None], 3, 2)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        # Pillow copies a photo to convert it, which takes 800 MB at 200 megapixels.
        colour = image if image.mode in (mode, "L") else image.convert(mode)
        small = colour.resize(size, FILTER, box).convert(mode)
        return np.asarray(small, np.float32) / 255


def _brightness(image: Image.Image, path: Path) -> Float[Array, "h w"]:
    """The gray levels of 16 bits, 32 bits or floats, 0..1.

    White is 1 for floats, whatever is brighter, and 65535 for whole numbers, or 255 for those of 32
    bits which stay below. Raises `EngineError` "bad_file" where that cannot be.
    """
    values = np.asarray(image, np.float32)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        reason = f"has {plural(bad, 'value that is', 'values that are')} NaN or infinite"
    elif image.mode == "F" and np.median(values) > 1:
        reason = f"has a median of {np.median(values):g}, but white is 1 in photos of floats"
    elif values.max() > 65535:
        reason = f"has values up to {values.max():g}, but white is 65535 in photos of integers"
    else:
        small = image.mode == "I" and values.max() <= 255
        white = 1 if image.mode == "F" else 255 if small else 65535
        return np.clip(values / white, 0, 1)
    raise EngineError("bad_file", f"The image {path} {reason}.", ["Save it with 8 or 16 bits."])


def to_camera(values: Float[Array, "h w"] | Bool[Array, "h w"], view: View) -> Float[Array, "H W"]:
    """What was painted on a view's photo (at any size), in the geometry of its camera."""
    grid = _grid(view)
    if values.dtype == bool:  # in bytes, because a painting may have 100 megapixels
        image = Image.fromarray(values.view(np.uint8) * np.uint8(255)).resize(grid, FILTER)
        resized = np.asarray(image, np.float32) / 255
    else:
        resized = np.asarray(Image.fromarray(values).resize(grid, FILTER))
    return view.lens.undistort(resized)[0] if isinstance(view.lens, Lens) else resized


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
