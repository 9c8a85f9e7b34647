"""Cameras from transforms.json: nerfstudio's, instant-ngp's and the Blender synthetic scenes'.

`transform_matrix` is camera -> world with OpenGL axes (x right, y up, z backward); intrinsics are
at the top level or in a frame; distortion is OpenCV's. See
https://docs.nerf.studio/quickstart/data_conventions.html. The synthetic scenes give only
`camera_angle_x` and names without extension; their focal length follows from the photo's width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError, Fix
from .files import read_json
from .photo_files import photo_size
from .shots import Intrinsics, Shot, viewmat_of

_DATAPARSER = "dataparser_transforms.json"
_OPENGL_TO_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])


def read_transforms(
    meta: Mapping[str, Any], path: Path, find: Callable[[list[str]], Mapping[str, Path]]
) -> tuple[list[Shot], list[str]]:
    """The photos of a parsed transforms.json, and notes for the user.

    `find` looks for photos; it is only called if the file does not give their sizes. Splats
    exported from nerfstudio are in a normalized space, which a dataparser_transforms.json beside
    `path` describes; if there is one, it is applied to the cameras. Raises `EngineError`
    "bad_file", "bad_input" or "not_found" (if the size of a photo remains unknown).
    """
    shots: list[Shot] = []
    try:
        normalize, scale = _dataparser(meta, path)
        names = [
            str(frame["file_path"]).replace("\\", "/").removeprefix("./")
            for frame in meta["frames"]
        ]
        known = all({"w", "h"} <= {*meta, *frame} for frame in meta["frames"])
        photos = {} if known else find(names)
        for name, frame in zip(names, meta["frames"], strict=True):
            pose = np.eye(4)
            pose[:3] = np.array(frame["transform_matrix"], np.float64)[:3]
            pose = normalize @ pose @ _OPENGL_TO_OPENCV
            pose[:3, 3] *= scale
            shots.append(
                Shot(
                    name,
                    viewmat_of(pose, name),
                    _intrinsics({**meta, **frame}, name, photos.get(name)),
                )
            )
    except (KeyError, TypeError, ValueError, AttributeError, np.linalg.LinAlgError) as error:
        raise EngineError(
            "bad_file",
            f"Frame {len(shots)} of {path} is not as expected: {type(error).__name__} {error}.",
            ["Export the cameras again, or choose the COLMAP folder instead."],
        ) from error
    if not path.with_name(_DATAPARSER).is_file():
        return shots, []
    return shots, [
        f"{_DATAPARSER} is applied to the cameras, to fit splats that nerfstudio exported."
    ]


def _intrinsics(values: Mapping[str, Any], name: str, photo: Path | None) -> Intrinsics:
    if "w" in values and "h" in values:
        # instant-ngp writes 1920.0.
        width, height = round(float(values["w"])), round(float(values["h"]))
    elif photo:
        width, height = photo_size(photo)
    else:
        raise EngineError(
            "not_found",
            f"The size of {name} is unknown: its photo was not found.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )

    def focal(key: str, angle: str, pixels: int, default: float) -> float:
        if key in values:
            return float(values[key])
        return pixels / 2 / math.tan(float(values[angle]) / 2) if angle in values else default

    fx = focal("fl_x", "camera_angle_x", width, 0.0)
    fy = focal("fl_y", "camera_angle_y", height, fx)
    if not fx:
        raise KeyError("fl_x")
    pinhole = (fx, fy, float(values.get("cx", width / 2)), float(values.get("cy", height / 2)))
    k1, k2, k3, k4, p1, p2 = (
        float(values.get(key, 0)) for key in ("k1", "k2", "k3", "k4", "p1", "p2")
    )
    model = values.get("camera_model", "OPENCV")
    if model == "EQUIRECTANGULAR":
        # Intrinsics raises an error that tells what to do instead.
        return Intrinsics(model, (), width, height)
    if "FISHEYE" in model or values.get("is_fisheye"):
        return Intrinsics("OPENCV_FISHEYE", (*pinhole, k1, k2, k3, k4), width, height)
    if k4:
        raise EngineError(
            "bad_input",
            f"{name} has a lens with k4 = {k4:g}, which only fisheye lenses may have.",
            ["Set it to 0."],
        )
    # FULL_OPENCV is OpenCV's rational model, of which nerfstudio uses the numerator.
    return Intrinsics("FULL_OPENCV", (*pinhole, k1, k2, p1, p2, k3, 0.0, 0.0, 0.0), width, height)


def _dataparser(meta: Mapping[str, Any], path: Path) -> tuple[Float[Array, "4 4"], float]:
    """What moves and scales the poses of transforms.json into the space of nerfstudio's export.

    dataparser_transforms.json starts from the *original* cameras, before `applied_transform` and
    `applied_scale` turned them into those of transforms.json, so these two are undone (see
    nerfstudio_dataparser.py).
    """
    file = path.with_name(_DATAPARSER)
    if not file.is_file():
        return np.eye(4), 1.0
    normalize = read_json(file)
    transform, applied = np.eye(4), np.eye(4)
    transform[:3] = normalize["transform"]
    applied[:3] = np.array(meta.get("applied_transform", applied), np.float64)[:3]
    return transform @ np.linalg.inv(applied), float(normalize["scale"]) / float(
        meta.get("applied_scale", 1)
    )
