"""`colour`: what a pixel looks like, without any learned weights.

Lab colours, their gradients and the eigenvalues of their Hessians at four scales (scikit-image's basic features). All
are independent of position and of rotation in the image. It groups by material, not by meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.color import rgb2lab
from skimage.feature import multiscale_basic_features
from skimage.transform import resize

from ..arrays import Array, Float
from ..errors import EngineError
from ..scene import Photo

LONG_SIDE = 720  # pixels the photo is brought to: scales are then a fixed share of the picture
CELL = 4  # pixels of those per cell


@dataclass(frozen=True)
class Colour:
    """48 channels: 3 of Lab x 4 scales (1, 2, 4, 8 px) x (blurred value, gradient, two Hessian eigenvalues)."""

    name: str = "colour"
    key: str = "colour-1"
    licence: str = "GPL-3.0-or-later"
    parallel: bool = True

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        size = np.array(photo.pixels.shape[:2])
        size = np.maximum(np.round(size * min(1, LONG_SIDE / size.max())).astype(int), 1)
        pixels = resize(photo.pixels, size, order=1, anti_aliasing=True).astype(np.float32)
        lab = rgb2lab(pixels).astype(np.float32) / 100
        features = multiscale_basic_features(lab, sigma_min=1, sigma_max=8, channel_axis=-1)
        grid = np.maximum(np.round(size / CELL).astype(int), 1)
        cells = resize(features.astype(np.float32), grid, order=1, anti_aliasing=True)
        return np.ascontiguousarray(cells.transpose(2, 0, 1), np.float32)


def load(argument: str, *, device: str) -> Colour:
    """The extractor; it takes no argument and runs on the CPU."""
    if argument:
        raise EngineError(
            "bad_input",
            f'"colour" takes no argument, but was given "{argument}".',
            ["Write: colour."],
        )
    return Colour()
