"""Gray levels between black and white: the rim of one object or noise, ids, or a photo?"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation

from ..arrays import Array, Bool, Float, Shaped
from ..errors import EngineError

# What is at most that much darker than the brightest pixel is as bright: 254 beside 255.
NEAR = 0.01
# Many values are a soft rim or noise, few are ids, if ...
SOME, MANY = 8, 16
# ... they lie that near to the object, in pixels: the rims of smooth masks, also if enlarged.
RIM = 2
# ... or hardly any of them, this share, lies in a flat area, as ids do.
FLAT = 0.05
# ... or neighbors differ by this share of the brightest value, as in blurred masks.
STEP = 1 / 8
# A soft mask is black or white in at least this share, and what is neither is less than its white,
# or than this share, however thin the object is.
CLEAR, GRAY = 0.6, 0.1


def check_two_sided(values: Shaped[Array, "h w"], most: float, name: str) -> None:
    """Raises `EngineError` "bad_input" if a picture is not mostly dark and bright."""
    bright = float((values >= 0.75 * most).mean())
    between = float(((values > 0.25 * most) & (values < 0.75 * most)).mean())
    clear = float(((values < most / 8) | (values > most * 7 / 8)).mean())
    if clear < CLEAR or between > max(bright, GRAY):
        raise EngineError(
            "bad_input",
            f"{name} is no mask: {between:.0%} of its pixels are neither dark nor bright, as in a "
            f"photo, and {bright:.0%} are bright.",
            ["Paint the object white and everything else black."],
        )


def is_soft(values: Shaped[Array, "h w"], found: Shaped[Array, " K"], white: float) -> bool:
    """Whether values between 0 and the brightest are the soft rim of one object, or noise."""
    most = float(found[-1])
    top = most * (1 - NEAR) if most >= white / 2 else most
    object_ = values >= top
    between = (values != 0) & ~object_
    count = int(between.sum())
    if not count:
        return True
    rim = int((between & binary_dilation(object_, np.ones((3, 3)), RIM)).sum())
    if rim >= 0.9 * count:
        return True
    if len(found) >= MANY and (_flat(values) & between).sum() < FLAT * count:
        return True
    return len(found) >= SOME and _step(values.astype(np.float64)) <= STEP * most


def _flat(values: Shaped[Array, "h w"]) -> Bool[Array, "h w"]:
    """The pixels whose eight neighbors have the same value."""
    same = np.zeros(values.shape, bool)
    center = values[1:-1, 1:-1]
    flat = np.ones(center.shape, bool)
    height, width = values.shape
    for y in range(3):
        for x in range(3):
            flat &= values[y : height - 2 + y, x : width - 2 + x] == center
    same[1:-1, 1:-1] = flat
    return same


def _step(values: Float[Array, "h w"]) -> float:
    """The median difference of neighbors, of those that differ."""
    steps = np.concatenate([np.abs(np.diff(values, axis=axis)).ravel() for axis in (0, 1)])
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0
