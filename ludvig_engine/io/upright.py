"""Paintings of photos that EXIF turns: brought to the pixels of the photo as it is stored."""

from __future__ import annotations

from PIL import Image

from ..scene import View
from .photo_files import applied_turn, orientation, size_and_turn
from .photos import file_size
from .shots import same_shape

# EXIF orientations as Pillow's operations that make a picture upright.
_UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
_INVERSE = {
    Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
}


def turns_of(image: Image.Image, view: View) -> tuple[Image.Transpose, ...]:
    """What turns a painting to the way its photo is stored.

    An editor that obeys EXIF paints on the upright photo, and saves that with or without a tag.
    """
    # Pillow makes some images upright by itself.
    own = _UPRIGHT.get(orientation(image), ()) if applied_turn(image) == 1 else ()
    stored = _upright_of(view)
    back = tuple(_INVERSE.get(turn, turn) for turn in stored)
    if own and own != stored:
        return own + back
    width, height = image.size
    size = file_size(view)
    if swaps(back) and not same_shape((width, height), size):
        return back
    return ()


def _upright_of(view: View) -> tuple[Image.Transpose, ...]:
    """What makes a view's photo upright; nothing if it is used as turned already."""
    if view.photo is None or view.turn != 1:
        return ()
    return _UPRIGHT.get(size_and_turn(view.photo)[1], ())


def swaps(turns: tuple[Image.Transpose, ...]) -> bool:
    """Whether turning swaps width and height."""
    level = (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.ROTATE_180,
    )
    return sum(turn not in level for turn in turns) % 2 == 1


def turned(image: Image.Image, turns: tuple[Image.Transpose, ...]) -> Image.Image:
    """The image after all of `turns`."""
    if not turns:
        return image
    result = image
    for turn in turns:
        result = result.transpose(turn)
    result.format = image.format  # which a transposed image has lost
    return result
