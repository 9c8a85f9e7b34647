"""`colour`: what a pixel looks like, without any learned weights.

The channels are Lab colors, their gradients and the eigenvalues of their Hessians at four scales
(scikit-image's basic features). None depends on the position or the rotation in the image. These
features group by material, not by meaning.
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

# Larger photos are reduced to this long side in pixels, so that scales are a fixed share of them.
LONG_SIDE = 720
CELL = 4  # pixels of the reduced photo per cell


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
        size = np.maximum(np.round(size * min(1, LONG_SIDE / size.max())).astype(int), 1)
        pixels = resize(photo.pixels, size, order=1, anti_aliasing=True).astype(np.float32)
        lab = rgb2lab(pixels).astype(np.float32) / 100
        features = multiscale_basic_features(lab, sigma_min=1, sigma_max=8, channel_axis=-1)
        grid = np.maximum(np.round(size / CELL).astype(int), 1)
        cells = resize(features.astype(np.float32), grid, order=1, anti_aliasing=True)
        return np.ascontiguousarray(cells.transpose(2, 0, 1), np.float32)


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
