"""Cameras from COLMAP: the cameras and images of `sparse/0`, as .bin or .txt.

pycolmap reads them, but it refuses models without points, spends most of its time on points that
nobody needs here, cuts names in text files at the first space, and hangs on damaged lists of
points, rigs and frames. So it is given a copy without points and names, and the names are collected
while copying. Rigs and frames are left out too, as they only repeat the poses of the images.

COLMAP ignores the EXIF orientation of photos, and so must everything that uses its cameras.
"""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

import numpy as np
import pycolmap

from ..errors import EngineError
from .files import open_file
from .shots import Intrinsics, Shot

_NO_POINTS = {".bin": bytes(8), ".txt": b""}  # a count of 0


def model_suffix(folder: Path) -> str:
    """Which kind of COLMAP model `folder` holds: ".bin", ".txt", or "" if it holds none."""
    return next(
        (
            s
            for s in _NO_POINTS
            if all((folder / f"{n}{s}").is_file() for n in ("cameras", "images"))
        ),
        "",
    )


def read_colmap(folder: Path) -> list[Shot]:
    """The photos of a COLMAP model that have a pose.

    `folder` is the one with cameras.bin or cameras.txt. Raises `EngineError`: "not_found" if it has
    neither, "bad_file" if a file is damaged or no photo has a pose.
    """
    suffix = model_suffix(folder)
    if not suffix:
        raise EngineError(
            "not_found",
            f"{folder} has no cameras.bin or images.bin (or .txt).",
            ["Choose another folder."],
        )
    try:
        with tempfile.TemporaryDirectory(prefix="ludvig-") as temporary:
            stage = Path(temporary)
            with open_file(folder / f"cameras{suffix}") as file:
                (stage / f"cameras{suffix}").write_bytes(file.read())
            (stage / f"points3D{suffix}").write_bytes(_NO_POINTS[suffix])
            strip = _strip_binary if suffix == ".bin" else _strip_text
            names = strip(folder / f"images{suffix}", stage / f"images{suffix}")
            model = pycolmap.Reconstruction(stage)
        images = {key: image for key, image in model.images.items() if image.has_pose}
        cameras = {image.camera_id: model.cameras[image.camera_id] for image in images.values()}
    # These are the exceptions of pycolmap for damaged files: it trusts their counts and checks them
    # while reading.
    except (ValueError, RuntimeError, MemoryError, IndexError, KeyError, OverflowError) as error:
        raise _bad(folder, str(error).strip() or type(error).__name__) from error
    if not images:
        raise EngineError(
            "bad_file", f"No photo in {folder} has a camera pose.", ["Run COLMAP's mapper first."]
        )
    intrinsics = {
        key: Intrinsics(
            camera.model_name, tuple(map(float, camera.params)), camera.width, camera.height
        )
        for key, camera in cameras.items()
    }
    return [
        Shot(
            names[key],
            np.vstack([image.cam_from_world().matrix(), [0, 0, 0, 1]]),
            intrinsics[image.camera_id],
        )
        for key, image in images.items()
    ]


def _strip_binary(source: Path, target: Path) -> dict[int, str]:
    """Copy images.bin without points and names, and return the names by image id.

    The file has a count, then for each image its id, 7 doubles and a camera id, a name that ends
    with a zero byte, and a list of points (x, y, id; 24 bytes each) after its length.
    """
    names: dict[int, str] = {}
    with open_file(source) as file, target.open("wb") as out:
        size = os.fstat(file.fileno()).st_size
        count = file.read(8)
        out.write(count)
        for _ in range(*struct.unpack("<Q", count.ljust(8, b"\0"))):
            head, name = file.read(64), bytearray()
            while (character := file.read(1)) not in (b"", b"\0"):
                name += character
            length = file.read(8)
            if (
                len(length) < 8
                or file.seek(24 * int.from_bytes(length, "little"), os.SEEK_CUR) > size
            ):
                raise _bad(source, f"it is cut short after {len(names):,} photos")
            key = int.from_bytes(head[:4], "little")
            names[key] = os.fsdecode(bytes(name))
            out.write(head + b"%d\0" % key + bytes(8))
    return names


def _strip_text(source: Path, target: Path) -> dict[int, str]:
    """Do the same for images.txt.

    It has two lines per image: `id qw qx qy qz tx ty tz camera name`, and the image's points.
    """
    names: dict[int, str] = {}
    with open_file(source) as file, target.open("wb") as out:
        for line in file:
            if not line.strip() or line.startswith(b"#"):
                continue
            fields = line.split(maxsplit=9)
            if len(fields) < 10:
                raise _bad(source, f"it is cut short after {len(names):,} photos")
            names[int(fields[0])] = os.fsdecode(fields[9].rstrip())
            out.write(b" ".join([*fields[:9], fields[0]]) + b"\n\n")
            next(file, None)
    return names


def _bad(path: Path, reason: str) -> EngineError:
    return EngineError(
        "bad_file",
        f"The COLMAP cameras in {path} cannot be read: {reason}.",
        ["Export the sparse model again, with COLMAP's model_converter for example."],
    )
