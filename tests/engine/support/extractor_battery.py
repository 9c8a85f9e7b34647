"""What every feature extractor must satisfy; call `check(extractor)` in its own test file."""

from __future__ import annotations

import sys

import numpy as np

from ludvig_engine.features import Extractor
from ludvig_engine.scene import Photo


def photo(height: int, width: int, seed: int = 0, name: str = "a.jpg") -> Photo:
    """Smooth blobs and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [np.sin(6 * (a * x + b * y) + c) for a, b, c in rng.normal(size=(3, 3))]
    pixels = 0.5 + 0.4 * np.stack(waves, -1) + 0.05 * rng.normal(size=(height, width, 3))
    return Photo(name, np.clip(pixels, 0, 1).astype(np.float32))


def check(extractor: Extractor, sizes=((64, 96), (97, 61), (50, 50))) -> None:
    """Shape, dtype, odd sizes, determinism, no dependence on earlier calls, and its attributes."""
    assert isinstance(extractor, Extractor)
    assert extractor.name and extractor.key and extractor.licence
    pictures = [photo(height, width) for height, width in sizes]
    before = [picture.pixels.copy() for picture in pictures]
    maps = [extractor(picture) for picture in pictures]
    extractor(photo(80, 60, seed=9))
    for (height, width), picture, pixels, first in zip(sizes, pictures, before, maps, strict=True):
        assert first.ndim == 3 and first.dtype == np.float32 and first.flags.c_contiguous
        assert np.isfinite(first).all()
        assert first.shape[1] <= height and first.shape[2] <= width and min(first.shape) > 0
        np.testing.assert_array_equal(first, extractor(photo(height, width)))
        np.testing.assert_array_equal(picture.pixels, pixels)
        assert first.std() > 0, "the map does not depend on the photo"
    channels = {len(found) for found in maps}
    assert len(channels) == 1
    if "torch" in sys.modules:
        from single_precision import SinglePrecision

        with SinglePrecision():
            extractor(photo(*sizes[0]))


def check_places(extractor: Extractor, height: int = 96, width: int = 128) -> None:
    """Something bright in one corner changes the features there most: map and photo are aligned."""
    plain = Photo("a.jpg", np.full((height, width, 3), 0.4, np.float32))
    usual = extractor(plain)
    for rows, columns in (
        (slice(0, height // 4), slice(0, width // 4)),
        (slice(-height // 4, None), slice(-width // 4, None)),
    ):
        pixels = plain.pixels.copy()
        pixels[rows, columns] = [0.9, 0.2, 0.1]
        change = np.abs(extractor(Photo("a.jpg", pixels)) - usual).sum(0)
        y, x = np.unravel_index(change.argmax(), change.shape)
        inside = np.zeros((height, width), bool)
        inside[rows, columns] = True
        assert inside[
            int((y + 0.5) * height / change.shape[0]), int((x + 0.5) * width / change.shape[1])
        ]
