"""Cameras from the cameras.json that 3D Gaussian Splatting trainers write for their viewers.

It is a list of `{img_name, width, height, position, rotation, fx, fy}`. `rotation` is camera ->
world with OpenCV axes, `position` is the camera's center in scene units. Some writers add cx and
cy; without them the principal point is the middle of the photo. img_name may lack its extension.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from .shots import Intrinsics, Shot, viewmat_of


def read_cameras_json(entries: Sequence[Any], path: Path) -> list[Shot]:
    """The photos of a parsed cameras.json. `path` is only used in messages.

    Raises `EngineError` "bad_file" if an entry is incomplete or has wrong values.
    """
    shots = []
    for number, entry in enumerate(entries):
        try:
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = entry["rotation"], entry["position"]
            name = str(entry["img_name"]).replace("\\", "/")
            width = entry["width"]
            height = entry["height"]
            params = (
                entry["fx"],
                entry["fy"],
                entry.get("cx", width / 2),
                entry.get("cy", height / 2),
            )
            intrinsics = Intrinsics("PINHOLE", tuple(map(float, params)), int(width), int(height))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EngineError(
                "bad_file",
                f"Camera {number} of {path} is not as expected: {type(error).__name__} {error}.",
                ["Export the cameras again, or choose the COLMAP folder instead."],
            ) from error
        shots.append(Shot(name, viewmat_of(pose, name), intrinsics))
    return shots
