"""Cameras from COLMAP: the cameras and images of `sparse/0`, as .bin or .txt.

Both kinds are read here and not by pycolmap, which needs points3D, cuts names in text files at the
first space, and hangs on damaged files. Points, rigs and frames are left out: nobody needs the
points here, and rigs and frames only repeat the poses of the images.

COLMAP ignores the EXIF orientation of photos.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from . import colmap_binary, colmap_text
from .colmap_rows import ImageRow, bad
from .lens_models import PARAMETERS
from .shots import Intrinsics, Shot, camera_of, shown

_READERS = {".bin": colmap_binary, ".txt": colmap_text}


def model_suffix(folder: Path) -> str:
    """Which kind of COLMAP model `folder` holds: ".bin", ".txt", or "" if it holds none."""
    return next(
        (
            suffix
            for suffix in _READERS
            if all((folder / f"{name}{suffix}").is_file() for name in ("cameras", "images"))
        ),
        "",
    )


def read_colmap(folder: Path) -> list[Shot]:
    """The photos of a COLMAP model that have a pose.

    `folder` is the one with cameras.bin or cameras.txt. Bytes of names that are not UTF-8 are
    surrogates. Raises `EngineError`: "not_found" if it has neither, "bad_file" if a file is
    damaged, a camera is none, or no photo has a pose.
    """
    suffix = model_suffix(folder)
    if not suffix:
        raise EngineError(
            "not_found",
            f"{folder} has no cameras.bin or images.bin (or .txt).",
            ["Choose another folder."],
        )
    reader = _READERS[suffix]
    source = folder / f"cameras{suffix}"
    rows = list(reader.cameras(source))
    cameras = {row.camera: row for row in rows}
    if len(cameras) < len(rows):
        raise bad(source, f"{len(rows)} cameras have {len(cameras)} different ids")
    intrinsics: dict[int, Intrinsics] = {}  # photos of one camera share one object
    shots = []
    # Cameras behind one of an unknown model cannot be found in the file, so that one is the reason.
    images = list(reader.images(folder / f"images{suffix}"))
    unknown = {row.camera for row in rows if row.model not in PARAMETERS}
    images.sort(key=lambda image: image.camera not in unknown)
    for image in images:
        row = cameras.get(image.camera)
        if row is None:
            name = shown(image.name)
            raise bad(folder, f"there is no camera {image.camera}, which {name} refers to")
        with camera_of(image.name):
            if row.camera not in intrinsics:
                intrinsics[row.camera] = Intrinsics(row.model, row.params, *row.size)
            shots.append(Shot(image.name, _viewmat(image), intrinsics[row.camera]))
    if not shots:
        raise EngineError(
            "bad_file", f"No photo in {folder} has a camera pose.", ["Run COLMAP's mapper first."]
        )
    return shots


def _viewmat(image: ImageRow) -> Float[Array, "4 4"]:
    """World -> camera. A quaternion that is none gives NaN, which `Shot` refuses."""
    viewmat = np.eye(4)
    length = np.linalg.norm(image.pose[:4])
    w, *axis = np.array(image.pose[:4]) / (length if 0 < length < np.inf else np.nan)
    cross = np.cross(np.eye(3), axis)  # the matrix of the product with the axis
    viewmat[:3, :3] += 2 * (w * cross + cross @ cross)
    viewmat[:3, 3] = image.pose[4:]
    return viewmat
