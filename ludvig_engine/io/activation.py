"""Between the values that splat files store and those that the engine uses.

Files store log scales, logit opacities and raw quaternions; logarithms and logits occur in `io/`
only. NumPy only: this file also runs inside Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from ..arrays import Array, Bool, Float, Shaped
from ..scene import Gaussians

# The smallest normal float32; its logarithm is -87.3.
TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Splats:
    """The content of a splat file: F rows in the file's order, including the unusable ones."""

    gaussians: Gaussians  # F of them, activated
    # False for rows where a value is not finite or the quaternion is zero.
    valid: Bool[Array, " F"]
    # The file's other properties by name, each in the type that the file has it in.
    extras: Mapping[str, Shaped[Array, " F"]] = field(default_factory=dict)


def activate(stored: Gaussians, extras: Mapping[str, Shaped[Array, " F"]] | None = None) -> Splats:
    """Turn Gaussians as they are stored into usable ones, in place.

    `stored` has log scales, logit opacities and quaternions of any length. A logit of +-infinity is
    valid, as converters write it for opacities of 1 and 0; so is the logarithm of a scale of 0.
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
    """Splats from Gaussians that are activated, but for their quaternions.

    These are normalized in place. Rows with values that are not finite are marked as invalid.
    """
    # The squares are in float64, where those of float32 values cannot overflow. Zero quaternions
    # become NaN.
    squares = (gaussians.quats.astype(np.float64) ** 2).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(
            gaussians.quats, np.sqrt(squares)[:, None], out=gaussians.quats, casting="same_kind"
        )
    return Splats(gaussians, finite(gaussians), extras or {})


def finite(gaussians: Gaussians) -> Bool[Array, " N"]:
    """Which Gaussians have only finite values."""
    found = np.ones(len(gaussians), bool)
    for f in fields(gaussians):
        values = getattr(gaussians, f.name)
        found &= np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return found


def log_scales(gaussians: Gaussians) -> Float[Array, "N 3"]:
    """The natural logarithms of the scales; for a scale of 0, that of `TINY`."""
    return np.log(np.maximum(gaussians.scales, TINY))


def logits(gaussians: Gaussians) -> Float[Array, " N"]:
    """The logits of the opacities; for 0 and 1, those of the nearest float32 between them."""
    clipped = np.clip(gaussians.opacities.astype(np.float64), TINY, 1 - 2.0**-24)
    return (np.log(clipped) - np.log1p(-clipped)).astype(np.float32)
