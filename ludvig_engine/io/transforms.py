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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError, Fix
from .entries import Entry
from .json_lens import read_lens
from .photo_files import photo_size
from .shots import Shot, camera_of, shown, viewmat_of

_OPENGL_TO_OPENCV = np.array([1.0, -1.0, -1.0, 1.0])  # of the columns of a pose


def read_transforms(
    meta: Mapping[str, Any], path: Path, find: Callable[[list[str]], Mapping[str, Path]]
) -> tuple[list[Shot], list[str]]:
    """The photos of a parsed transforms.json, and notes for the user.

    `find` looks for photos; it is only called if the file does not give their sizes. Masks that are
    named but not there are left out, with a note. Raises `EngineError` "bad_file" or "not_found"
    (if the size of a photo remains unknown).
    """
    frames = meta["frames"]
    if not isinstance(frames, list):
        raise Entry(meta, str(path)).bad("frames is not a list")
    entries = []
    for number, frame in enumerate(frames):
        label = f"Frame {number} of {path}"
        Entry(frame, label)
        entries.append(Entry(ChainMap(frame, dict(meta)), label))
    known = all("w" in entry and "h" in entry for entry in entries)
    photos = {} if known else find([entry.path("file_path") for entry in entries])
    shots = [_shot(entry, path, photos) for entry in entries]
    named = [entry.path("mask_path") for entry in entries if "mask_path" in entry]
    missing = len(named) - sum(shot.mask is not None for shot in shots)
    if not missing:
        return shots, []
    return shots, [
        f"{missing} of {len(named)} masks are missing (mask_path): their photos are used whole."
    ]


def _shot(entry: Entry, path: Path, photos: Mapping[str, Path]) -> Shot:
    name = entry.path("file_path")
    matrix = entry.array("transform_matrix", (4, 4), (3, 4))
    pose = np.eye(4)
    pose[:3] = matrix[:3]
    mask = path.parent / entry.path("mask_path") if "mask_path" in entry else None
    if "w" in entry and "h" in entry:
        size = entry.whole("w"), entry.whole("h")
    elif name in photos:
        size = photo_size(photos[name])
    else:
        raise EngineError(
            "not_found",
            f"The size of {shown(name)} is unknown: its photo was not found.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
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
