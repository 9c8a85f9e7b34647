"""Photos as input of a network: resized and standardized.

Not with transformers' own image processors, because those need torchvision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..arrays import Array, Float
from .device import import_torch

# Mean and standard deviation of RGB in 0..1.
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
SIGNED = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # maps 0..1 to -1..1
UNIT = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def fitted_size(shape: Sequence[int], *, limit: int, multiple: int = 1) -> tuple[int, int]:
    """(height, width) for an image of `shape`: at most `limit` pixels long, and in whole multiples.

    The image is never enlarged, but for sides shorter than one `multiple`. Each side is scaled on
    its own, because dividing by a common factor in floats can turn 4002 px at a limit of 1600 into
    1599.
    """
    height, width = shape[:2]
    longest = max(height, width)
    sides = [
        side if longest <= limit else round(side * limit / longest) for side in (height, width)
    ]
    return max(sides[0] // multiple, 1) * multiple, max(sides[1] // multiple, 1) * multiple


def to_tensor(
    pixels: Float[Array, "H W 3"],
    size: tuple[int, int],
    statistics: tuple[tuple[float, ...], tuple[float, ...]],
    *,
    device: str,
    dtype: Any = None,
) -> Any:
    """A (1, 3, height, width) tensor of `size`, standardized.

    Resizing is bilinear, with averaging where it shrinks. `statistics` are one of the constants
    above.
    """
    torch = import_torch()
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None].to(device)
    if image.shape[2:] != tuple(size):
        image = torch.nn.functional.interpolate(
            image, size, mode="bilinear", align_corners=False, antialias=True
        )
    image = standardize(image, statistics)
    return image if dtype is None else image.to(dtype)


def standardize(image: Any, statistics: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    """(image - mean) / std of (n, 3, height, width) colors in 0..1."""
    mean, std = (image.new_tensor(values).view(1, 3, 1, 1) for values in statistics)
    return (image - mean) / std
