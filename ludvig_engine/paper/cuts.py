"""Where a picture of scores is cut into object and rest: by a known mask, or by Li's rule."""

from __future__ import annotations

import numpy as np
from skimage.filters import threshold_li

from ..arrays import Array, Bool, Float

# The cuts that are tried on pictures stretched to 0..1.
CUTS = 1 - np.arange(1, 98) / 100


def li(image: Float[Array, "H W"]) -> float:
    """Li's threshold of an image; 0 if all its pixels are equal."""
    return float(threshold_li(image)) if np.ptp(image) > 0 else 0.0


def to_unit_range(image: Float[Array, "H W"]) -> Float[Array, "H W"]:
    """Scale an image linearly so that its minimum becomes 0 and its maximum 1.

    If all pixels are equal they become 0.
    """
    return np.asarray((image - image.min()) / max(float(np.ptp(image)), 1e-12), np.float32)


def agreements(image: Float[Array, "H W"], mask: Bool[Array, "H W"]) -> Float[Array, " T"]:
    """IoU of image > cut with the mask, for all T cuts of `CUTS`, from two histograms."""
    # For each pixel, the number of cuts below it.
    level = np.searchsorted(CUTS[::-1], image.ravel())
    inside = np.bincount(level, mask.ravel(), len(CUTS) + 1)[::-1].cumsum()[::-1][1:]
    above = np.bincount(level, minlength=len(CUTS) + 1)[::-1].cumsum()[::-1][1:]
    return np.asarray(inside / np.maximum(mask.sum() + above - inside, 1))[::-1]
