"""Cameras from the cameras.json that 3D Gaussian Splatting trainers write for their viewers.

It is a list of `{img_name, width, height, position, rotation, fx, fy}`. `rotation` is camera ->
world with OpenCV axes, `position` is the camera's center in scene units. Some writers add cx and
cy; without them the principal point is the middle of the photo. img_name may lack its extension,
and all that follows its first dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .entries import Entry
from .json_lens import read_lens
from .shots import Shot, camera_of, viewmat_of


def read_cameras_json(entries: Sequence[Any], path: Path) -> list[Shot]:
    """The photos of a parsed cameras.json. `path` is only used in messages.

    Raises `EngineError` "bad_file" if an entry is incomplete or has wrong values, or a lens that is
    not known.
    """
    return [
        _shot(Entry(entry, f"Camera {number} of {path}")) for number, entry in enumerate(entries)
    ]


def _shot(entry: Entry) -> Shot:
    pose = np.eye(4)
    pose[:3, :3] = entry.array("rotation", (3, 3))
    pose[:3, 3] = entry.array("position", (3,))
    name = entry.path("img_name")
    width, height = entry.whole("width"), entry.whole("height")
    params = (
        entry.number("fx"),
        entry.number("fy"),
        entry.number("cx", width / 2),
        entry.number("cy", height / 2),
    )
    with camera_of(name):
        lens = read_lens(entry, params, (width, height), ("camera_model", "model"))
        return Shot(name, viewmat_of(pose), lens)
