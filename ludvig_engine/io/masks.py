"""Masks from files: the object in one photo, in the geometry of the photo's camera."""

from __future__ import annotations

import os
from pathlib import Path

from ..arrays import Array, Bool, Float
from ..errors import EngineError, plural
from ..scene import View
from .mask_rule import describe, object_in
from .painted import Painted, read_painted, read_plain
from .photos import to_camera


def read_mask(
    path: str | os.PathLike[str], view: View, *, value: int | None = None
) -> Float[Array, "H W"]:
    """The mask of a view's photo, 0..1, or all 0 if it is empty; its object by `mask_rule`.

    An image or a .npy or .npz of the photo's shape, at any size. Raises `EngineError`: "not_found"
    or "bad_file" for the file, "bad_input" if it does not fit the photo or holds several things.
    """
    path = Path(path)
    inside = object_in(read_painted(path, view), f"The mask {path.name}", value=value)
    return to_camera(inside, view)


def read_prompt_mask(
    path: str | os.PathLike[str], view: View, *, value: int | None = None
) -> Float[Array, "H W"]:
    """The same, if it is not empty. Raises `EngineError` "bad_input" if it is."""
    path = Path(path)
    return prompt_mask(read_painted(path, view), view, f"The mask {path}", value=value)


def prompt_mask(
    painted: Painted, view: View, name: str, *, value: int | None = None
) -> Float[Array, "H W"]:
    """A painted mask for its view's camera. Raises `EngineError` "bad_input" if it is empty."""
    inside = object_in(painted, name, value=value)
    if not inside.any():
        raise EngineError(
            "bad_input",
            f"{name} is empty: {describe(painted)}.",
            ["Paint the object white."],
        )
    values = to_camera(inside, view)
    if values.max() < 0.5:
        camera, count = view.camera, int(inside.sum())
        raise EngineError(
            "bad_input",
            f"The object in {name[0].lower() + name[1:]} covers {plural(count, 'pixel')} of "
            f"{inside.shape[1]}x{inside.shape[0]}, which is less than a pixel of the "
            f"{camera.width}x{camera.height} that are worked with.",
            ["Raise --max-size, or click on the object."],
        )
    return values


def read_truth(path: str | os.PathLike[str]) -> Bool[Array, "h w"]:
    """A mask by itself, without a photo, such as the ground truth of a data set."""
    return object_in(read_plain(Path(path)), f"The mask {path}")
