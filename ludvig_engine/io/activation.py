"""Between the values that splat files store and those that the engine uses.

Files store log scales, logit opacities and raw quaternions; logarithms and logits occur in `io/`
only. NumPy only: this file also runs inside Blender.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from ..arrays import Array, Bool, Float, Shaped
from ..errors import part
from ..scene import Gaussians

# The smallest normal float32; its logarithm is -87.3.
TINY = np.finfo(np.float32).tiny


# Beyond this, the squares of positions and scales in pixels leave float32; no scan is near it in
# any unit. The same holds for colors.
FAR = 1e15
# What rounding may add to an opacity of 1.
_ROUNDING = 1e-5
PIECE = 65536  # rows whose squares fit the processor's cache


@dataclass(frozen=True)
class Splats:
    """The content of a splat file: F rows in the file's order, including the unusable ones."""

    gaussians: Gaussians  # F of them, activated
    # False for rows with values that no scan has.
    valid: Bool[Array, " F"]
    # The file's other properties by name, each in the type that the file has it in.
    extras: Mapping[str, Shaped[Array, " F"]] = field(default_factory=dict)
    # How many rows are not valid, by the reason: "NaN or infinite values" and the like.
    faults: Mapping[str, int] = field(default_factory=dict)
    # What the user should know about how the file was read.
    notes: tuple[str, ...] = ()
    # The comments of its header, whole lines.
    comments: tuple[str, ...] = ()


def activate(stored: Gaussians, extras: Mapping[str, Shaped[Array, " F"]] | None = None) -> Splats:
    """Turn Gaussians as they are stored into usable ones, in place, and check them."""
    return checked(activated(stored), extras)


def activated(stored: Gaussians) -> Gaussians:
    """The same Gaussians, whose log scales and logit opacities are turned into values in place.

    A logit of +-infinity is valid, as converters write it for opacities of 1 and 0; so is the
    logarithm of a scale of 0.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        np.exp(stored.scales, out=stored.scales)
        opacities = stored.opacities
        np.exp(-opacities, out=opacities)
        np.divide(1, 1 + opacities, out=opacities)
    return stored


def checked(
    gaussians: Gaussians, extras: Mapping[str, Shaped[Array, " F"]] | None = None
) -> Splats:
    """Splats from Gaussians that are activated, but for their quaternions.

    These are normalized in place. Rows with values that no scan has are marked as invalid and
    counted. Every reader ends here, so that all mean the same by it.
    """
    # The squares are in float64, where those of float32 values cannot overflow. Zero quaternions
    # become NaN.
    squares = np.empty(len(gaussians))
    for start in range(0, len(squares), PIECE):
        rows = slice(start, start + PIECE)
        w, x, y, z = (gaussians.quats[rows].astype(np.float64) ** 2).T
        squares[rows] = w + x + y + z
    with np.errstate(invalid="ignore", divide="ignore"):
        np.divide(
            gaussians.quats, np.sqrt(squares)[:, None], out=gaussians.quats, casting="same_kind"
        )
    valid = np.ones(len(gaussians), bool)
    faults = {}
    for reason, good in _tests(gaussians, squares):
        if count := int((valid & ~good).sum()):
            faults[reason] = count
            valid &= good
    return Splats(gaussians, valid, extras or {}, faults)


def _tests(
    gaussians: Gaussians, squares: Float[Array, " N"]
) -> Iterator[tuple[str, Bool[Array, " N"]]]:
    """What may be wrong with values, and which Gaussians are free of that."""
    yield "quaternions of length 0", squares != 0
    yield "NaN or infinite values", finite(gaussians)
    yield f"positions beyond {FAR:g}", _within(gaussians.means, -FAR, FAR)
    yield f"scales below 0 or above {FAR:g}", _within(gaussians.scales, 0, FAR)
    yield "opacities outside 0 to 1", _within(gaussians.opacities, -_ROUNDING, 1 + _ROUNDING)
    colours = _within(gaussians.sh0, -FAR, FAR) & _within(gaussians.shN, -FAR, FAR)
    yield f"colors beyond {FAR:g}", colours


def _within(values: Float[Array, "N ..."], low: float, high: float) -> Bool[Array, " N"]:
    # The whole first: good files need no more, and it is 20 times quicker than row by row.
    if values.min(initial=high) >= low and values.max(initial=low) <= high:
        return np.ones(len(values), bool)
    return np.asarray(((values >= low) & (values <= high)).all(tuple(range(1, values.ndim))))


def finite(gaussians: Gaussians) -> Bool[Array, " N"]:
    """Which Gaussians have only finite values."""
    found = np.ones(len(gaussians), bool)
    for f in fields(gaussians):
        values = getattr(gaussians, f.name)
        # The whole first, as in `_within`; NaN is the extreme of anything.
        if not np.isfinite([values.min(initial=0), values.max(initial=0)]).all():
            found &= np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return found


def left_out(faults: Mapping[str, int], total: int) -> tuple[str, ...]:
    """The note for the user about rows that are not valid, from their numbers by reason."""
    if not faults:
        return ()
    # Only the reason that is met first is counted, so the numbers add up.
    reasons = ", ".join(f"{count:,} with {reason}" for reason, count in faults.items())
    bad = sum(faults.values())
    return (f"{part(bad, total, 'splat')} left out: {reasons}.",)


def log_scales(gaussians: Gaussians) -> Float[Array, "N 3"]:
    """The natural logarithms of the scales; for a scale of 0, that of `TINY`."""
    return np.log(np.maximum(gaussians.scales, TINY))


def logits(gaussians: Gaussians) -> Float[Array, " N"]:
    """The logits of the opacities; for 0 and 1, those of the nearest float32 between them."""
    clipped = np.clip(gaussians.opacities.astype(np.float64), TINY, 1 - 2.0**-24)
    return (np.log(clipped) - np.log1p(-clipped)).astype(np.float32)
