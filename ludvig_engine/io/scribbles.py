"""Scribbles from files: strokes on transparency, on a plain sheet, or on the photo itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    binary_opening,
    distance_transform_edt,
    label,
)

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError, plural
from ..scene import View
from .painted import Painted, read_painted
from .photo_files import open_photo
from .photos import to_camera, to_photo, turned_pixels

# Strokes that cover more of a picture than this are no strokes.
MOST = 0.5
# How far, of 0..1, green or red is above the other channels; and the darkest channel of white.
STRONG, WHITE = 0.25, 0.5
# A sheet has one color, up to a JPEG's noise, in this share of its pixels.
SHEET, SAME = 0.5, 0.12
# A picture is its photo if half of its pixels differ from the photo by less than this: JPEGs of
# usable quality differ by about 0.03. Paint on it differs by more than PAINT.
PHOTO, PAINT = 0.06, 0.2
# Paint of less than this share of the longest stroke is a speck.
SPECK = 0.1
# Pixels of the long side that suffice to read strokes, in 12 megapixels at most.
LARGE = 4000
# A stroke on a large photo covers only a small part of the camera's pixels, hence the low limit.
COVERED = 0.1


@dataclass(frozen=True)
class Strokes:
    """Where it was painted, in the geometry of a view's camera, and what to know about it."""

    positive: Bool[Array, "H W"]
    negative: Bool[Array, "H W"]
    notes: tuple[str, ...] = ()


def read_scribble(path: str | os.PathLike[str], view: View) -> Strokes:
    """Strokes painted on a view's photo, or on a sheet of its shape.

    Green and white strokes are on the object, red ones are beside it. Strokes of one other color
    are on the object if there are no others, which is said; else they are left out, which is said
    too. Raises `EngineError` "bad_input" if there are no strokes, if they cover most of the
    picture, or if the image does not have the photo's shape.
    """
    path = Path(path)
    painted = _thinned(read_painted(path, view))
    colors = _colors(painted)
    found = _found(painted, colors, path, view)
    if found.paint.mean() > MOST:
        raise _not_strokes(path, f"its paint covers {found.paint.mean():.0%} of the picture")
    strokes = _by_color(colors, found.paint, path, found.white)
    yes, no = to_camera(strokes.positive, view), to_camera(strokes.negative, view)
    notes = (*found.notes, *strokes.notes)
    return Strokes(yes > np.maximum(no, COVERED), no > np.maximum(yes, COVERED), notes)


@dataclass(frozen=True)
class _Found:
    """The pixels that were painted, whether white ones are strokes, and what to say about it."""

    paint: Bool[Array, "h w"]
    white: bool = True
    notes: tuple[str, ...] = ()


def _thinned(painted: Painted) -> Painted:
    """Every second, third, ... pixel of a very large painting, whose strokes are wider."""
    step = -(-max(painted.values.shape[:2]) // LARGE)
    if step == 1:
        return painted
    alpha = None if painted.alpha is None else painted.alpha[::step, ::step]
    return replace(painted, values=painted.values[::step, ::step], alpha=alpha)


def _colors(painted: Painted) -> Float[Array, "h w 3"]:
    values = painted.values.astype(np.float32) / np.float32(painted.white)
    return values if painted.colored else np.repeat(values[..., None], 3, 2)


def _found(painted: Painted, colors: Float[Array, "h w 3"], path: Path, view: View) -> _Found:
    """The paint on transparency, on the photo, or on a sheet of one color."""
    alpha = painted.alpha
    if alpha is not None and alpha.min() < 0.5 * alpha.max():
        # Half of the most: the rim of a smooth stroke, and brushes that are not opaque.
        return _Found(alpha >= 0.5 * alpha.max())
    if alpha is not None and not alpha.any():
        raise _not_strokes(path, "it has no stroke in it, every pixel is transparent")
    photo = _photo(view, colors.shape[:2])
    off = None if photo is None else np.abs(colors - photo).max(2)
    if off is not None and float(np.median(off)) < PHOTO:
        # The noise of JPEGs along edges is a pixel wide; strokes are wider.
        paint = binary_opening(off > PAINT) if painted.lossy else off > PAINT
        if not paint.any():
            raise _not_strokes(path, "it has no stroke in it, it is the photo alone")
        note = f"{path.name} is painted on the photo itself: the {paint.mean():.1%} that differ "
        return _Found(paint, notes=(f"{note}from the photo count as paint.",))
    sheet = _sheet(colors)
    if sheet is None:
        what = "it is neither the photo, nor transparent or of one color beside the strokes"
        raise _not_strokes(path, what)
    paint = np.abs(colors - sheet).max(2) > 2 * SAME
    if sheet.max() < STRONG:
        return _Found(paint)
    note = f"{path.name} is a sheet of the color {_named(sheet)}: what differs from it is paint."
    return _Found(paint, white=bool(sheet.min() <= WHITE), notes=(note,))


def _photo(view: View, shape: tuple[int, ...]) -> Float[Array, "h w 3"] | None:
    """The photo as its file shows it, in the size of a painting."""
    if view.photo is None:
        drawn = None if view.render is None else to_photo(view, view.render().pixels)
        return drawn if drawn is not None and drawn.shape[:2] == shape[:2] else None
    with open_photo(view.photo) as image:
        return turned_pixels(image, view, (shape[1], shape[0]))[..., :3]


def _sheet(colors: Float[Array, "h w 3"]) -> Float[Array, " 3"] | None:
    """The color that most pixels and most of the border have; None if there is none."""
    border = np.concatenate([colors[0], colors[-1], colors[:, 0], colors[:, -1]])
    color = np.median(border, axis=0)
    same = np.abs(colors - color).max(2) <= SAME
    on_border = np.abs(border - color).max(1) <= SAME
    return color if same.mean() > SHEET and on_border.mean() > SHEET else None


def _by_color(
    colors: Float[Array, "h w 3"], paint: Bool[Array, "h w"], path: Path, white: bool
) -> Strokes:
    """What was painted on the object and beside it; `white` is no paint on a white sheet."""
    if not paint.any():
        raise _not_strokes(path, "it has no stroke in it")
    red, green, blue = np.moveaxis(colors, 2, 0)
    # At the rims of strokes colors are mixed with what is below: they belong to the nearest body.
    body, nearest = _bodies(paint)
    on = green - np.maximum(red, blue) > STRONG
    positive = body & (on | (colors.min(2) > WHITE) if white else on)
    negative = body & (red - np.maximum(green, blue) > STRONG)
    other = body & ~positive & ~negative
    # Where strokes meet, or in a JPEG, a few pixels have neither's color.
    clear = _apart(paint, body, other) | binary_opening(other)
    notes: tuple[str, ...] = ()
    if clear.any():
        shown = colors[clear]
        color = np.median(shown, axis=0)
        if positive.any():
            count = int((paint & other[nearest]).sum())
            notes = (
                f"{plural(count, 'pixel')} of {path.name} {'was' if count == 1 else 'were'} left "
                f"out, neither green nor white nor red, such as {_named(color)}.",
            )
        elif float(np.percentile(np.abs(shown - color).max(1), 90)) > STRONG:
            raise _not_strokes(path, "its strokes have several colors, but none is green")
        else:
            positive = other
            notes = (f"The strokes of {path.name} in {_named(color)} are taken as the object.",)
    return Strokes(paint & positive[nearest], paint & negative[nearest], notes)


def _apart(
    paint: Bool[Array, "h w"], body: Bool[Array, "h w"], other: Bool[Array, "h w"]
) -> Bool[Array, "h w"]:
    """Those of `other` in strokes that have none of another color and are no specks."""
    strokes, count = label(paint, np.ones((3, 3)))
    sizes = np.bincount(strokes.ravel(), minlength=count + 1)
    others = np.bincount(strokes[other], minlength=count + 1)
    bodies = np.bincount(strokes[body], minlength=count + 1)
    whole = (others == bodies) & (others > 0)
    whole[0] = False
    return other & (whole & (sizes >= SPECK * sizes[1:].max()))[strokes]


def _bodies(
    paint: Bool[Array, "h w"],
) -> tuple[Bool[Array, "h w"], tuple[Int[Array, "h w"], Int[Array, "h w"]]]:
    """The inner pixels of strokes, or all of thin ones; and which of them is nearest to each."""
    inner = binary_erosion(paint, border_value=1)
    body = inner | (paint & ~binary_dilation(inner, np.ones((3, 3)), 2))
    rows, columns = distance_transform_edt(~body, return_distances=False, return_indices=True)
    return body, (rows, columns)


def _named(color: Float[Array, " 3"]) -> str:
    red, green, blue = (round(255 * float(part)) for part in color)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _not_strokes(path: Path, why: str) -> EngineError:
    return EngineError(
        "bad_input",
        f"{path.name} cannot be read as strokes: {why}.",
        ["Paint green on the object and red beside it, on a transparent layer of the photo."],
    )
