"""Which pixels of a painted mask are the object: the one rule for masks, wherever they come from.

The object is what is not zero: an id in a palette or in gray, white of any depth, one color on
black, or what is opaque. An image that holds several ids does not say which one is meant, so it is
refused, with the ids; in a soft or noisy mask the object is what is at least half as bright as the
brightest pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array, Bool, Int, Shaped, UInt8
from ..errors import EngineError, plural
from .painted import Painted
from .soft_masks import check_two_sided, is_soft

# Half the brightness: there a rim pixel belongs half to the object, and JPEG's noise, which stays
# within about 30 of 255 at any usable quality, is far away from it.
HALF = 0.5
# The brightest pixel of a JPEG without any object is its noise, below this share of white.
NOISE = 1 / 16
# What is opaque in so few colors is several painted things, and in more it is one cut-out.
FEW_COLORS = 8
# Colors that are one but for the noise of a JPEG lie within this distance of 255.
ONE_COLOR = 64
# Values that are counted at once.
PIECE = 4_000_000
# Ids that an error lists.
LISTED = 8


def object_in(painted: Painted, name: str, *, value: int | None = None) -> Bool[Array, "h w"]:
    """The pixels that are the object; none, if the mask is empty.

    `value` is the id of the object, or its color as 0xRRGGBB. `name` names the mask in errors.
    Raises `EngineError` "bad_input" if it does not say which pixels are meant.
    """
    values, alpha = painted.values, painted.alpha
    if painted.colored:
        values = _packed(values)
    opaque = np.ones(values.shape, bool) if alpha is None else _opaque(alpha)
    if value is not None:
        inside = (values == value) & opaque
        if not inside.any():
            raise EngineError(
                "bad_input",
                f"{name} has no pixel of the value {_shown(painted, float(value))}. "
                f"It has {_counts(painted, values[opaque])}.",
                ["Give one of these with --mask-value."],
            )
        return inside
    if not opaque.all():
        return _cut_out(painted, values, opaque, name)
    if painted.colored:
        return _in_colors(painted, values, name)
    return _in_gray(painted, values, values, name)


def describe(painted: Painted) -> str:
    """What an empty mask holds, for its error."""
    if painted.alpha is not None and not painted.alpha.any():
        return f"every pixel of it is transparent (mode {painted.mode})"
    most = painted.values.max()
    noise = ", which is a matter of noise in such a file" if most and painted.lossy else ""
    return f"its brightest value is {most:g} (mode {painted.mode}){noise}"


def _opaque(alpha: UInt8[Array, "h w"]) -> Bool[Array, "h w"]:
    """Alpha is read as masks are: half of the most, so that 1 of 255 counts where that is all."""
    most = float(alpha.max())
    return alpha >= HALF * most if most > 0 else np.zeros(alpha.shape, bool)


def _cut_out(
    painted: Painted, values: Shaped[Array, "h w"], opaque: Bool[Array, "h w"], name: str
) -> Bool[Array, "h w"]:
    """An image with transparent pixels: what is opaque, unless that is a mask itself."""
    shown = values[opaque]
    if not len(shown):
        return opaque
    found = distinct(shown)[0]
    white = 0xFFFFFF if painted.colored else painted.white
    if len(found) == 2 and found[0] == 0 and found[1] == white:
        return opaque & (values == white)
    if 1 < len(found[found != 0]) <= FEW_COLORS and not painted.lossy:
        raise _ambiguous(painted, shown, name)
    return opaque


def _in_colors(painted: Painted, packed: Shaped[Array, "h w"], name: str) -> Bool[Array, "h w"]:
    values = painted.values
    brightest = values.max(2)
    if not painted.lossy:
        found = distinct(packed)[0]
        if len(found[found != 0]) <= 1:
            return packed != 0
    bright = brightest >= max(0.75 * float(brightest.max()), 1)
    colors = values[bright].astype(np.int16)
    if not len(colors):
        return bright
    off = np.abs(colors - np.median(colors, axis=0)).max(1)
    if float(np.percentile(off, 95)) <= ONE_COLOR and (painted.lossy or _gray(values, bright)):
        return _in_gray(painted, brightest, packed, name)
    raise _ambiguous(painted, packed, name)


def _gray(values: Shaped[Array, "h w 3"], bright: Bool[Array, "h w"]) -> bool:
    """Whether all colors are shades of the brightest one, gray or not, that fades to black."""
    main = np.median(values[bright], axis=0) / 255
    shade = values.max(2, keepdims=True) * (main / max(float(main.max()), 1e-6))
    return float(np.percentile(np.abs(values - shade).max(2), 99)) <= ONE_COLOR


def _in_gray(
    painted: Painted, values: Shaped[Array, "h w"], shown: Shaped[Array, "h w"], name: str
) -> Bool[Array, "h w"]:
    """By brightness; `shown` are the values as a user would name them."""
    found = distinct(values)[0]
    most = float(found[-1])
    if painted.lossy and most < NOISE * painted.white:
        return np.zeros(values.shape, bool)
    dark = float(found[0])
    if len(found) > 1 and 0 < dark < most / 4 and most >= painted.white / 2:
        # Black is 16 in videos.
        values = values - found[0]
        most = most - dark
        found = found - found[0]
    ids = found[found != 0]
    if len(ids) <= 1:
        return values != 0
    if not painted.lossy and not is_soft(values, found, painted.white):
        raise _ambiguous(painted, shown, name)
    check_two_sided(values, most, name)
    return values >= HALF * most


def _packed(colors: Shaped[Array, "h w 3"]) -> Shaped[Array, "h w"]:
    red, green, blue = np.moveaxis(colors.astype(np.int32), 2, 0)
    return (red << 16) | (green << 8) | blue


def _ambiguous(painted: Painted, values: Shaped[Array, "..."], name: str) -> EngineError:
    found = distinct(values)[0]
    ids = found[found != 0]
    if len(ids) > 256:
        return EngineError(
            "bad_input",
            f"{name} is no mask: it has {len(ids):,} values besides 0, as a photo has.",
            ["Paint the object white and everything else black."],
        )
    return EngineError(
        "bad_input",
        f"{name} has several things in it: {_counts(painted, values[values != 0])}.",
        [
            f"Say which one is the object with --mask-value, such as "
            f"--mask-value {_shown(painted, _most(values[values != 0]))}.",
            "Or save a mask in which everything else is black.",
        ],
    )


def distinct(
    values: Shaped[Array, "..."],
) -> tuple[Shaped[Array, " K"], Int[Array, " K"]]:
    """The values that occur, in their order, and how often; small numbers without sorting."""
    if values.dtype in (np.uint8, np.uint16):
        flat, many = values.ravel(), np.iinfo(values.dtype).max + 1
        # In pieces, because bincount makes eight bytes of each value.
        pieces = np.array_split(flat, -(-max(flat.size, 1) // PIECE))
        counts = np.sum([np.bincount(piece, minlength=many) for piece in pieces], axis=0)
        found = np.flatnonzero(counts)
        return found, counts[found]
    found, counts = np.unique(values, return_counts=True)
    return found, counts


def _most(values: Shaped[Array, " M"]) -> float:
    found, counts = distinct(values)
    return float(found[counts.argmax()])


def _counts(painted: Painted, values: Shaped[Array, " M"]) -> str:
    """Such as "1 (373 pixels), 2 (120 pixels)", the most frequent ones in the order of values."""
    found, counts = distinct(values)
    order = np.sort(np.argsort(-counts, kind="stable")[:LISTED])
    texts: Sequence[str] = [
        f"{_shown(painted, float(found[n]))} ({plural(int(counts[n]), 'pixel')})" for n in order
    ]
    more = len(found) - len(order)
    return ", ".join(texts) + (f", and {plural(more, 'more value')}" if more else "")


def _shown(painted: Painted, value: float) -> str:
    return f"#{int(value):06x}" if painted.colored else f"{value:g}"
