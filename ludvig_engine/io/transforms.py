"""Cameras from transforms.json: nerfstudio's, instant-ngp's, and the one of the Blender synthetic scenes.

https://docs.nerf.studio/quickstart/data_conventions.html: `transform_matrix` is camera -> world with OpenGL axes
(x right, y up, z backward); intrinsics stand at the top or in a frame; distortion is OpenCV's. The synthetic scenes
give only `camera_angle_x` and names without extension: their focal length follows from the photo's width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from .files import read_json
from .shots import Intrinsics, Shot, viewmat_of

_OPENGL_TO_OPENCV = np.diag([1.0, -1.0, -1.0, 1.0])


def read_transforms(
    meta: Mapping[str, Any], path: Path, size_of: Callable[[str], tuple[int, int]]
) -> tuple[list[Shot], list[str]]:
    """The photos of a parsed transforms.json, and notes. `size_of` a photo is asked where the file does not tell.

    Splats exported from nerfstudio live in a normalised space, which a dataparser_transforms.json beside `path`
    describes: then it is applied to the cameras.
    """
    shots, notes = [], []
    try:
        normalise, scale = _dataparser(meta, path)
        if path.with_name("dataparser_transforms.json").is_file():
            notes.append("dataparser_transforms.json is applied: the cameras are where nerfstudio's export has them.")
        for frame in meta["frames"]:
            name = str(frame["file_path"]).replace("\\", "/").removeprefix("./")
            pose = np.eye(4)
            pose[:3] = np.array(frame["transform_matrix"], np.float64)[:3]
            pose = normalise @ pose @ _OPENGL_TO_OPENCV
            pose[:3, 3] *= scale
            shots.append(Shot(name, viewmat_of(pose, name), _intrinsics({**meta, **frame}, name, size_of)))
    except (KeyError, TypeError, ValueError, AttributeError, np.linalg.LinAlgError) as error:
        raise EngineError(
            "bad_file",
            f"Frame {len(shots)} of {path} is not as expected: {type(error).__name__} {error}.",
            ["Export the cameras again, or choose the COLMAP folder instead."],
        ) from error
    return shots, notes


def _intrinsics(values: Mapping[str, Any], name: str, size_of: Callable[[str], tuple[int, int]]) -> Intrinsics:
    given = (values["w"], values["h"]) if "w" in values and "h" in values else size_of(name)
    width, height = round(float(given[0])), round(float(given[1]))  # instant-ngp writes 1920.0

    def focal(key: str, angle: str, pixels: int, default: float) -> float:
        if key in values:
            return float(values[key])
        return pixels / 2 / math.tan(float(values[angle]) / 2) if angle in values else default

    fx = focal("fl_x", "camera_angle_x", width, 0)
    fy = focal("fl_y", "camera_angle_y", height, fx)
    if not fx:
        raise KeyError("fl_x")
    pinhole = (fx, fy, float(values.get("cx", width / 2)), float(values.get("cy", height / 2)))
    k1, k2, k3, k4, p1, p2 = (float(values.get(key, 0)) for key in ("k1", "k2", "k3", "k4", "p1", "p2"))
    model = values.get("camera_model", "OPENCV")
    if model == "EQUIRECTANGULAR":
        return Intrinsics(model, (), width, height)
    if "FISHEYE" in model or values.get("is_fisheye"):
        return Intrinsics("OPENCV_FISHEYE", (*pinhole, k1, k2, k3, k4), width, height)
    if k4:
        raise EngineError(
            "bad_input", f"{name} has a lens with k4 = {k4:g}, which only fisheye lenses may have.", ["Set it to 0."]
        )
    # COLMAP's name for OpenCV's rational model, of which nerfstudio uses the numerator.
    return Intrinsics("FULL_OPENCV", (*pinhole, k1, k2, p1, p2, k3, 0, 0, 0), width, height)


def _dataparser(meta: Mapping[str, Any], path: Path) -> tuple[Float[Array, "4 4"], float]:
    """What moves and scales the poses of transforms.json into the space of nerfstudio's export.

    The file says how to get there from the *original* cameras, those before `applied_transform` and `applied_scale`
    made them what transforms.json has (nerfstudio_dataparser.py).
    """
    file = path.with_name("dataparser_transforms.json")
    if not file.is_file():
        return np.eye(4), 1.0
    normalise = read_json(file)
    transform, applied = np.eye(4), np.eye(4)
    transform[:3] = normalise["transform"]
    applied[:3] = np.array(meta.get("applied_transform", applied), np.float64)[:3]
    return transform @ np.linalg.inv(applied), float(normalise["scale"]) / float(meta.get("applied_scale", 1))
