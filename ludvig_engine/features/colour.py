"""`colour`: what a pixel looks like, without any learned weights.

The channels are Lab colors, their gradients and the eigenvalues of their Hessians at four scales:
scikit-image's `multiscale_basic_features`, then its `resize` to cells, to 3e-7. Those take 3 to 5
times as long, because they blur all 48 channels at full size for the cells.

None depends on the position or the rotation in the image. These features group by material, not by
meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse
from skimage.color import rgb2lab
from skimage.transform import resize

from ..arrays import Array, Float, Int, Shaped
from ..errors import EngineError
from ..scene import Photo
from .measures import blurred, derivatives

# Larger photos are reduced to this long side in pixels, so that scales are a fixed share of them.
LONG_SIDE = 720
CELL = 4  # pixels of the reduced photo per cell
SCALES = (1, 2, 4, 8)  # standard deviations of the blur, in pixels of the reduced photo


@dataclass(frozen=True)
class Colour:
    """48 channels: 3 of Lab x 4 scales x 4 measures.

    The scales are 1, 2, 4 and 8 pixels; the measures are the blurred value, the gradient's length
    and the two eigenvalues of the Hessian.
    """

    name: str = "colour"
    key: str = "colour-1"
    licence: str = "GPL-3.0-or-later"
    parallel: bool = True

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        size = np.array(photo.pixels.shape[:2])
        size = np.maximum(np.round(size * min(1, LONG_SIDE / size.max())).astype(int), 2)
        grid = np.maximum(np.round(size / CELL).astype(int), 1)
        planes = np.moveaxis(photo.pixels, 2, 0)
        pixels = np.stack([resized(plane, size) for plane in planes], axis=2)
        lab = np.moveaxis(rgb2lab(pixels) / 100, 2, 0)
        return np.stack([resized(found, grid) for plane in lab for found in measures(plane)])


def measures(plane: Float[Array, "h w"]) -> Iterator[Float[Array, "h w"]]:
    """At each scale: the blurred values, the gradient's length, the Hessian's two eigenvalues."""
    for scale in SCALES:
        found = blurred(plane, scale)
        yield found
        yield from derivatives(found)


def resized(plane: Shaped[Array, "h w"], size: Int[Array, "2"]) -> Float[Array, "h2 w2"]:
    """scikit-image's `resize` with anti-aliasing, computing only what is kept.

    It is linear, and the same for every row and every column, so it is two sparse matrices.
    """
    down, across = (_weights(*pair) for pair in zip(plane.shape, size.tolist(), strict=True))
    columns = np.ascontiguousarray((down @ np.ascontiguousarray(plane, np.float32)).T)
    return np.ascontiguousarray((across @ columns).T)


@lru_cache(maxsize=8)
def _weights(before: int, after: int) -> sparse.csr_array:
    """What `resize` does to each unit vector: (after, before) weights."""
    unit = np.eye(before, dtype=np.float32)
    return sparse.csr_array(resize(unit, (after, before), order=1, anti_aliasing=True))


def load(argument: str, *, device: str) -> Colour:
    """The extractor, which always runs on the CPU.

    Raises `EngineError` "bad_input" if there is an argument.
    """
    if argument:
        raise EngineError(
            "bad_input",
            f'"colour" takes no argument, but was given "{argument}".',
            ["Write: colour."],
        )
    return Colour()
