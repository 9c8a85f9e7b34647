"""What a feature map that a user gives must be, wherever it comes from."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Shaped
from ..errors import EngineError


def checked_map(
    given: Shaped[Array, "..."], name: str, *, channels: int = 0
) -> Float[Array, "D h w"]:
    """A map as float32, in C order and native byte order.

    `channels` is the number of channels that it must have, or 0. Raises `EngineError` "bad_input"
    for another shape, for values that are no numbers, and for those that float32 cannot hold.
    """
    if given.ndim != 3 or 0 in given.shape or len(given) != (channels or len(given)):
        expected = f"({channels or 'channels'}, rows, columns)"
        raise EngineError(
            "bad_input",
            f"{name} has the shape {given.shape}, but {expected} is expected.",
            ["Give all maps the same channels, first."],
        )
    if given.dtype.kind not in "biuf":
        raise EngineError(
            "bad_input",
            f"{name} has values of the type {given.dtype}, which are not numbers.",
            ["Give real numbers, such as float32."],
        )
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(given, np.float32)
    if bad := int((~np.isfinite(values)).sum()):
        raise EngineError(
            "bad_input",
            f"{name} has {bad:,} values that are NaN or infinite, or too large for float32.",
            ["Replace these values by finite ones."],
        )
    return values
