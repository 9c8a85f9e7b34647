"""Pictures for people in rows and columns, with captions above them."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from ..arrays import Array, Float
from .draw import eight_bit

# All of these are in pixels.
WIDTH = 360  # width of one picture
GAP = 6  # space between pictures
CAPTION = 30  # height of the captions above a row
LETTERS = 17  # size of the captions' letters,
SMALLEST = 10  # which shrink to this where a caption is long

# The pictures of one row from left to right, each with its caption.
Row = Sequence[tuple[str, Image.Image]]


def grid(rows: Sequence[Row], *, width: int = WIDTH) -> Image.Image:
    """All pictures on white, `width` pixels wide each.

    A row has captions unless they are those of the row above. What is still too long in the
    smallest letters is shortened in its middle.
    """
    heights = [max(picture.height for _, picture in row) for row in rows]
    named = [[name for name, _ in row] for row in rows]
    told = [n == 0 or named[n] != named[n - 1] for n in range(len(rows))]
    columns = max(len(row) for row in rows)
    size = (
        columns * (width + GAP) + GAP,
        sum(heights) + GAP * len(rows) + CAPTION * sum(told),
    )
    out = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(out)
    top = 0
    for row, height, captioned in zip(rows, heights, told, strict=True):
        for column, (name, picture) in enumerate(row):
            left = GAP + column * (width + GAP)
            if captioned:
                text, font = _fitting(name, width)
                pen.text((left + width / 2, top + CAPTION / 2), text, "black", font, anchor="mm")
            out.paste(picture, (left, top + CAPTION * captioned))
        top += height + GAP + CAPTION * captioned
    return out


def fit(image: Float[Array, "H W 3"], *, width: int = WIDTH) -> Image.Image:
    """Colors in 0..1 as a picture of that width."""
    picture = eight_bit(image)
    height = max(round(width * picture.height / picture.width), 1)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def letters(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font of all texts in pictures, in this size in pixels."""
    return ImageFont.load_default(size)


def _fitting(text: str, width: int) -> tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    """The text and a font in which it is at most `width` pixels wide."""
    for size in range(LETTERS, SMALLEST - 1, -1):
        font = letters(size)
        if font.getlength(text) <= width:
            return text, font
    for kept in range(len(text) // 2, 0, -1):
        shorter = f"{text[:kept]}...{text[-kept:]}"
        if font.getlength(shorter) <= width:
            return shorter, font
    return "...", font
