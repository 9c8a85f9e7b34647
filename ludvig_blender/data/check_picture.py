"""The newest comparison as a picture for the panel: photo and rendered view side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import bpy
    from bpy.utils.previews import ImagePreviewCollection

    from ...ludvig_engine.wire.methods import SceneChecked

SIDE = 512  # pixels of the square it is drawn in

_pictures: ImagePreviewCollection | None = None
# The name of an object's picture, by session uid. Each picture gets a new name, because Blender
# would draw the old one under an old name.
_numbers: dict[int, int] = {}


def keep(thing: bpy.types.Object, answer: SceneChecked) -> None:
    """Keep the pictures of a comparison for `picture`."""
    global _pictures
    import bpy.utils.previews

    if _pictures is None:
        _pictures = bpy.utils.previews.new()
    upright = answer.photo.shape[0] > answer.photo.shape[1]
    pair = np.concatenate([answer.photo, answer.rendered], axis=1 if upright else 0)
    step = max(1, -(-max(pair.shape[:2]) // SIDE))
    pair = pair[::step, ::step]
    height, width = pair.shape[:2]
    square = np.zeros((SIDE, SIDE, 4), np.float32)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    square[top : top + height, left : left + width, :3] = pair / np.float32(255)
    square[top : top + height, left : left + width, 3] = 1
    _numbers[thing.session_uid] = number = max(_numbers.values(), default=0) + 1
    preview = _pictures.new(str(number))
    preview.image_size = SIDE, SIDE  # type: ignore[assignment]
    # Blender counts rows from the bottom. The stubs do not know that it takes arrays.
    preview.image_pixels_float.foreach_set(square[::-1].ravel())  # type: ignore[arg-type]


def picture(thing: bpy.types.Object) -> bpy.types.ImagePreview | None:
    """The picture of an object's newest comparison; None if there is none."""
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
