"""The mask beside a photo that says which of its pixels count (`mask_path` of transforms.json).

As in nerfstudio, pixels are ignored where the mask is 0, and count where it is anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Bool
from ..errors import EngineError
from .photo_files import decoding, open_photo
from .shots import same_shape

# Compression with losses leaves noise around black.
_LOSSY, _NOISE = ("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000"), 16


def kept(
    path: Path,
    photo_size: tuple[int, int],
    size: tuple[int, int],
    turn: Callable[[Array], Array] | None = None,
) -> Bool[Array, "h w"]:
    """Which pixels of a photo count, at `size` (width, height).

    Of a pixel of `size`, all that the mask has there must count. `turn` is what exchanged width and
    height of the photo, if anything did; a mask of the photo as it was before is turned, too.
    Raises `EngineError` "bad_input" if the mask does not have the aspect ratio of the photo, and
    the errors of `open_photo`.
    """
    with open_photo(path) as image:
        fits = same_shape(image.size, photo_size)
        before = turn is not None and not fits and same_shape(image.size[::-1], photo_size)
        if not fits and not before:
            raise EngineError(
                "bad_input",
                f"The mask {path} is {image.width}x{image.height}, "
                f"but its photo is {photo_size[0]}x{photo_size[1]}.",
                ["Make the mask from the photo itself, without cropping or rotating it."],
            )
        with decoding(path):
            image.load()
            values = np.asarray(image)  # of a palette image the indices, as nerfstudio reads it
        counts = np.atleast_3d(values > (_NOISE if image.format in _LOSSY else 0))
        if before and turn:
            counts = turn(counts)
        if image.mode in ("LA", "RGBA", "PA", "La", "RGBa"):  # transparent is 0, too
            counts = counts[..., :-1] & counts[..., -1:]
    gray = Image.fromarray(counts.any(2).astype(np.uint8) * 255)
    return np.asarray(gray.resize(size, Image.Resampling.HAMMING)) == 255
