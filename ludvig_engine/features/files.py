"""`files:DIR`: your own features, one file per photo, with the photo's name.

A `.npy` holds an array (D, h, w), or (h, w) for one channel. A `.npz` holds such an array as its
only one. The channels of a `.png` become values in 0..1. Maps may have any resolution, since they
cover the whole photo, but all maps of a folder must have the same number of channels.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import UnidentifiedImageError

from ..arrays import Array, Float
from ..errors import EngineError, nearest_name
from ..io.photo_files import open_photo
from ..scene import Photo

SUFFIXES = (".npy", ".npz", ".png")


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
        try:
            feature_map = _read(path)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, UnidentifiedImageError) as error:
            raise EngineError(
                "bad_file", f"{path} cannot be read: {error}.", ["Write the file again."]
            ) from error
        feature_map = feature_map[None] if feature_map.ndim == 2 else feature_map
        if feature_map.ndim != 3 or 0 in feature_map.shape:
            shape = "x".join(map(str, feature_map.shape))
            raise EngineError(
                "bad_file",
                f"{path.name} holds an array of shape {shape}, not a map.",
                ["Store it as (channels, rows, columns)."],
            )
        if not np.isfinite(feature_map).all():
            count = int((~np.isfinite(feature_map)).sum())
            raise EngineError(
                "bad_file",
                f"{path.name} has {count:,} values that are NaN or infinite.",
                ["Replace these values by finite ones."],
            )
        return np.ascontiguousarray(feature_map, np.float32)

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
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            if len(arrays.files) != 1:
                raise ValueError(f"it holds {len(arrays.files)} arrays instead of 1")
            return np.asarray(arrays[arrays.files[0]])
    with open_photo(path) as image:
        plain = image.mode in ("L", "RGB", "RGBA", "I;16")
        pixels = np.asarray(image if plain else image.convert("RGB"))
    scale = 65535 if pixels.dtype.itemsize == 2 else 255
    return np.atleast_3d(pixels).transpose(2, 0, 1).astype(np.float32) / scale
