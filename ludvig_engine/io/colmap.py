"""Cameras from COLMAP: `sparse/0` with cameras, images (and, in newer ones, rigs and frames), as .bin or .txt.

The points are not needed, and pycolmap refuses folders without them, so it reads a temporary folder of links with an
empty points3D. COLMAP ignores the EXIF orientation of photos, and so must everything that uses its cameras.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pycolmap

from ..errors import EngineError
from .shots import Intrinsics, Shot

_NO_POINTS = {".bin": bytes(8), ".txt": b""}  # a count of 0


def model_suffix(folder: Path) -> str:
    """ ".bin" or ".txt" if `folder` holds a COLMAP model of that kind, else ""."""
    return next((s for s in _NO_POINTS if all((folder / f"{n}{s}").is_file() for n in ("cameras", "images"))), "")


def read_colmap(folder: Path) -> list[Shot]:
    """The photos of a COLMAP model that have a pose. `folder` is the one with cameras.bin or cameras.txt."""
    try:
        model = _read(folder)
        images = [(image, image.cam_from_world()) for image in model.images.values() if image.has_pose]
        cameras = {image.camera_id: model.cameras[image.camera_id] for image, _ in images}
    # What pycolmap throws at damaged files: it believes their counts, and checks as it goes.
    except (ValueError, RuntimeError, MemoryError, IndexError, KeyError, OverflowError) as error:
        raise EngineError(
            "bad_file",
            f"The COLMAP cameras in {folder} cannot be read: {str(error).strip() or type(error).__name__}.",
            ["Export the sparse model again, with COLMAP's model_converter for example."],
        ) from error
    if not images:
        raise EngineError("bad_file", f"No photo in {folder} has a camera pose.", ["Run COLMAP's mapper first."])
    intrinsics = {
        key: Intrinsics(camera.model_name, tuple(map(float, camera.params)), camera.width, camera.height)
        for key, camera in cameras.items()
    }
    return [
        Shot(image.name, np.vstack([pose.matrix(), [0, 0, 0, 1]]), intrinsics[image.camera_id])
        for image, pose in images
    ]


def _read(folder: Path) -> pycolmap.Reconstruction:
    suffix = model_suffix(folder)
    with tempfile.TemporaryDirectory(prefix="ludvig-") as temporary:
        stage = Path(temporary)
        for name in ("cameras", "images", "rigs", "frames"):
            source = (folder / f"{name}{suffix}").absolute()
            if source.is_file():
                _link(source, stage / source.name)
        (stage / f"points3D{suffix}").write_bytes(_NO_POINTS[suffix])
        return pycolmap.Reconstruction(stage)


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source)
    except OSError:  # Windows lets administrators only
        try:
            os.link(source, target)
        except OSError:  # another disk
            shutil.copyfile(source, target)
