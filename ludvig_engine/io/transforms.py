"""Cameras from transforms.json: nerfstudio's, instant-ngp's and the Blender synthetic scenes'.

`transform_matrix` is camera -> world with OpenGL axes (x right, y up, z backward); intrinsics are
at the top level or in a frame, and `mask_path` beside them. See
https://docs.nerf.studio/quickstart/data_conventions.html. The synthetic scenes give only
`camera_angle_x` and names without extension; their focal length follows from the photo's width.
"""

from __future__ import annotations

import math
import os
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError, Fix, part
from .entries import Entry
from .json_lens import read_lens
from .photo_files import photo_size
from .shots import Shot, camera_of, shown, viewmat_of

_OPENGL_TO_OPENCV = np.array([1.0, -1.0, -1.0, 1.0])  # of the columns of a pose


def read_transforms(
    meta: Mapping[str, Any], path: Path, find: Callable[[list[str]], Mapping[str, Path]]
) -> tuple[list[Shot], list[str]]:
    """The photos of a parsed transforms.json, and notes for the user.

    `find` looks for photos; it is only called if the file does not give their sizes. What is not
    there is left out, with a note: masks that are named, and frames without a pose. Photos that are
    missing count as large as the others. Raises `EngineError` "bad_file", or "not_found" if the
    size of a photo remains unknown.
    """
    frames = meta["frames"]
    if not isinstance(frames, list):
        raise Entry(meta, str(path)).bad("frames is not a list")
    entries = []
    for number, frame in enumerate(frames):
        label = f"Frame {number} of {path}"
        Entry(frame, label)
        entries.append(Entry(ChainMap(frame, dict(meta)), label))
    posed = [entry for entry in entries if "transform_matrix" in entry] or entries
    notes = []
    if len(posed) < len(entries):
        without = part(len(entries) - len(posed), len(entries), "frame")
        notes.append(f"{without} left out of {path.name}, for want of a transform_matrix.")
    sizes, more = _sizes(posed, find)
    notes += more
    shots = [_shot(entry, path, size) for entry, size in zip(posed, sizes, strict=True)]
    named = [entry.path("mask_path") for entry in posed if "mask_path" in entry]
    missing = len(named) - sum(shot.mask is not None for shot in shots)
    if missing:
        notes.append(
            f"{part(missing, len(named), 'mask')} missing (mask_path): the photos are used whole."
        )
    return shots, notes


def _sizes(
    entries: Sequence[Entry], find: Callable[[list[str]], Mapping[str, Path]]
) -> tuple[list[tuple[int, int]], list[str]]:
    """Width and height of each photo, from the file or else from the photo, and notes."""
    given = [
        (entry.whole("w"), entry.whole("h")) if "w" in entry and "h" in entry else None
        for entry in entries
    ]
    if all(given):
        return [size for size in given if size], []
    names = [entry.path("file_path") for entry in entries]
    photos = find(names)
    found = [
        size or (photo_size(photos[name]) if name in photos else None)
        for size, name in zip(given, names, strict=True)
    ]
    different = {size for size in found if size}
    if None not in found or len(different) == 1:
        size = next(iter(different))
        missing = found.count(None)
        note = (
            f"{part(missing, len(found), 'photo')} missing, whose size is taken to be that of all "
            f"others, {size[0]}x{size[1]}."
        )
        return [one or size for one in found], [note] if missing else []
    name = names[found.index(None)]
    raise EngineError(
        "not_found",
        f"The size of {shown(name)} is unknown: its photo was not found.",
        [Fix("Choose the folder of the photos.", "choose_photos")],
    )


def _shot(entry: Entry, path: Path, size: tuple[int, int]) -> Shot:
    name = entry.path("file_path")
    matrix = entry.array("transform_matrix", (4, 4), (3, 4))
    pose = np.eye(4)
    pose[:3] = matrix[:3]
    mask = path.parent / entry.path("mask_path") if "mask_path" in entry else None
    with camera_of(name):
        lens = read_lens(entry, _pinhole(entry, size), size)
        # os.path.isfile is False, not an error, for paths that no file can have.
        found = mask if mask and os.path.isfile(mask) else None  # noqa: PTH113
        return Shot(name, viewmat_of(pose * _OPENGL_TO_OPENCV), lens, found)


def _pinhole(entry: Entry, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """fx, fy, cx and cy, in pixels."""
    width, height = size

    def focal(key: str, angle: str, pixels: int, default: float | None) -> float:
        if key not in entry and angle in entry:
            # The tangent is 0 for an angle of 0; the focal length is then refused.
            return pixels / 2 / (math.tan(entry.number(angle) / 2) or math.inf)
        return entry.number(key, default)

    fx = focal("fl_x", "camera_angle_x", width, None)
    fy = focal("fl_y", "camera_angle_y", height, fx)
    return fx, fy, entry.number("cx", width / 2), entry.number("cy", height / 2)
