"""The photo and the rendered view of the newest comparison, side by side, as a small picture for the panel."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE = 512  # pixels of the square it is drawn in

_pictures: Any = None  # bpy.utils.previews
_numbers: dict[
    int, int
] = {}  # by session uid: which picture; Blender draws an old one again under an old name


def keep(thing: Any, answer: Any) -> None:
    """Keep the pictures of `methods.SceneChecked`."""
    global _pictures
    import bpy.utils.previews

    if _pictures is None:
        _pictures = bpy.utils.previews.new()
    pair = np.concatenate(
        [answer.photo, answer.rendered],
        axis=1 if answer.photo.shape[0] > answer.photo.shape[1] else 0,
    )
    step = max(1, -(-max(pair.shape[:2]) // SIDE))
    pair = pair[::step, ::step]
    height, width = pair.shape[:2]
    square = np.zeros((SIDE, SIDE, 4), np.float32)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width, :3] = pair / np.float32(255)
    square[top : top + height, left : left + width, 3] = 1
    _numbers[thing.session_uid] = number = max(_numbers.values(), default=0) + 1
    preview = _pictures.new(str(number))
    preview.image_size = SIDE, SIDE
    preview.image_pixels_float.foreach_set(square[::-1].ravel())  # Blender counts rows from below


def picture(thing: Any) -> Any:
    """The picture of an object, a `bpy.types.ImagePreview`; None if there is none."""
    number = _numbers.get(thing.session_uid)
    return _pictures[str(number)] if number and _pictures else None


def register() -> None:
    pass


def unregister() -> None:
    global _pictures
    if _pictures is not None:
        import bpy.utils.previews

        bpy.utils.previews.remove(_pictures)
        _pictures = None
        _numbers.clear()
