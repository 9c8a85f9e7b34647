"""From what splat files store (log scales, logit opacities, raw quaternions) to what the engine uses, and back.

log and logit appear in `io/` only. NumPy only: this file also runs inside Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from ..arrays import Array, Bool, Float, Shaped
from ..scene import Gaussians

TINY = np.finfo(np.float32).tiny  # the smallest normal float32: its log is -87.3


@dataclass(frozen=True)
class Splats:
    """What a splat file holds: F rows in the file's order, the unusable ones included."""

    gaussians: Gaussians  # F of them, activated
    valid: Bool[Array, " F"]  # False where a value is not finite or a quaternion is zero
    extras: Mapping[str, Shaped[Array, " F"]] = field(
        default_factory=dict
    )  # the file's other properties, in its type


def activate(stored: Gaussians, extras: Mapping[str, Shaped[Array, " F"]] | None = None) -> Splats:
    """Turn `stored` Gaussians (log scales, logit opacities, quaternions of any length) into usable ones, in place.

    A logit of +-infinity is valid (converters write it for opacities of 1 and 0), and so is the log of a scale of 0.
    """
    with np.errstate(over="ignore"):
        np.exp(stored.scales, out=stored.scales)
        opacities = stored.opacities
        np.exp(-opacities, out=opacities)
        np.divide(1, 1 + opacities, out=opacities)
    return checked(stored, extras)


def checked(
    gaussians: Gaussians, extras: Mapping[str, Shaped[Array, " F"]] | None = None
) -> Splats:
    """Gaussians that need nothing but their quaternions normalised, which is done in place."""
    # In float64, where no square of a float32 overflows. Zero quaternions become NaN.
    squares = (gaussians.quats.astype(np.float64) ** 2).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(
            gaussians.quats, np.sqrt(squares)[:, None], out=gaussians.quats, casting="same_kind"
        )
    return Splats(gaussians, finite(gaussians), extras or {})


def finite(gaussians: Gaussians) -> Bool[Array, " N"]:
    """Which Gaussians have finite values only."""
    found = np.ones(len(gaussians), bool)
    for f in fields(gaussians):
        values = getattr(gaussians, f.name)
        found &= np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return found


def log_scales(gaussians: Gaussians) -> Float[Array, "N 3"]:
    """The logarithms of the scales; of `TINY` where a scale is 0."""
    return np.log(np.maximum(gaussians.scales, TINY))


def logits(gaussians: Gaussians) -> Float[Array, " N"]:
    """The logits of the opacities; those of 0 and 1 as if they were the nearest float32 inside."""
    clipped = np.clip(gaussians.opacities.astype(np.float64), TINY, 1 - 2.0**-24)
    return (np.log(clipped) - np.log1p(-clipped)).astype(np.float32)
