"""`files:DIR`: your own features, one file per photo, with the photo's name.

A `.npy` holds an array (D, h, w), or (h, w) for one channel. A `.npz` or `.safetensors` holds such
an array as its only one. The channels of a `.png` become values in 0..1. Maps may have any
resolution, since they cover the whole photo, but all maps of a folder must have the same number of
channels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError, nearest_name
from ..io.numpy_files import read_array
from ..io.photo_files import decoding, open_photo
from ..io.shots import same_shape
from ..io.tensors import read_tensors
from ..scene import Photo
from .own_maps import checked_map

SUFFIXES = (".npy", ".npz", ".safetensors", ".png")


@dataclass(frozen=True)
class Files:
    """Reads the map of a photo from `folder`."""

    folder: Path
    name: str
    key: str
    licence: str = "LicenseRef-own"
    parallel: bool = True

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        path = self._find(photo.name)
        feature_map = _read(path)
        feature_map = feature_map[None] if feature_map.ndim == 2 else feature_map
        found = checked_map(feature_map, path.name)
        _check_order(found.shape, photo, path.name)
        return found

    def _find(self, photo: str) -> Path:
        stem = Path(photo).with_suffix("")
        for base in (stem, Path(stem.name)):
            for suffix in SUFFIXES:
                for path in (self.folder / f"{base}{suffix}", self.folder / f"{photo}{suffix}"):
                    if path.is_file():
                        return path
        names = [path.stem for path in self.folder.iterdir() if path.suffix in SUFFIXES]
        raise EngineError(
            "not_found",
            f"{self.folder} has no map for the photo {photo}.",
            [nearest_name(stem.name, names)],
        )


def _check_order(shape: tuple[int, ...], photo: Photo, name: str) -> None:
    """Raise an error if the sides of a map fit its photo in another order only.

    Squares fit no photo but square ones, and are the maps of models that take squares.
    """
    height, width = photo.pixels.shape[:2]
    first, rows, columns = shape
    fits = same_shape((columns, rows), (width, height)) or rows == columns
    for order, size in (("columns, rows", (rows, columns)), ("rows, columns", (rows, first))):
        if not fits and same_shape(size, (width, height)):
            last = ", channels" if size[1] == first else ""
            raise EngineError(
                "bad_input",
                f"{name} has the shape {shape}, which fits its photo of {width}x{height} only as "
                f"({'' if last else 'channels, '}{order}{last}).",
                ["Save it as (channels, rows, columns)."],
            )


def load(argument: str, *, device: str) -> Files:
    """The extractor of a folder. Raises `EngineError` "not_found" if the folder has no maps.

    Its key depends on the names, sizes and times of the files, so changed maps are read again.
    """
    folder = Path(argument).expanduser()
    if not argument or not folder.is_dir():
        raise EngineError(
            "not_found",
            f'"files" needs a folder, but there is no folder "{argument}".',
            ["Write: files:DIR."],
        )
    entries = sorted(
        (p.name, p.stat().st_size, p.stat().st_mtime_ns)
        for p in folder.iterdir()
        if p.suffix in SUFFIXES
    )
    if not entries:
        raise EngineError(
            "not_found",
            f"{folder} has no {', '.join(SUFFIXES)} files.",
            ["Put one map per photo there."],
        )
    digest = hashlib.sha256(repr((str(folder.resolve()), entries)).encode()).hexdigest()[:16]
    return Files(folder, f"files:{folder.name}", f"files-1-{digest}")


def _read(path: Path) -> Array:
    if path.suffix == ".safetensors":
        arrays, _ = read_tensors(path)
        if len(arrays) != 1:
            raise EngineError(
                "bad_file",
                f"{path.name} holds {len(arrays)} arrays instead of 1.",
                ["Save one map in it."],
            )
        return next(iter(arrays.values()))
    if path.suffix != ".png":
        return read_array(path)
    with open_photo(path) as image, decoding(path):
        plain = image.mode in ("L", "RGB", "RGBA", "I;16")
        pixels = np.asarray(image if plain else image.convert("RGB"))
    scale = 65535 if pixels.dtype.itemsize == 2 else 255
    return np.atleast_3d(pixels).transpose(2, 0, 1).astype(np.float32) / scale
