"""SOG of PlayCanvas, versions 1 and 2.

https://developer.playcanvas.com/user-manual/gaussian-splatting/formats/sog

A SOG is a meta.json and lossless WebP images, in a folder or in a zip; pixel i of an image belongs
to splat i. Positions have 16 bits per axis, in two images, and grow exponentially. Quaternions are
the smallest three components, with the number of the largest (w is 0) in the alpha channel. The
other bytes are indices into a codebook (version 2) or fractions between a minimum and a maximum
(version 1). Spherical harmonics come from a palette of up to 65,536 entries.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..arrays import Array, Float, UInt8
from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, checked
from .files import open_file
from .quantized import from_smallest_three


def read_sog(path: str | os.PathLike[str]) -> Splats:
    """Read a .sog file, or the folder or meta.json of an unpacked one, in its order.

    Raises `EngineError` "bad_file" if a part is missing or damaged.
    """
    path = Path(path)
    try:
        if path.is_dir() or path.suffix.lower() == ".json":
            folder = path if path.is_dir() else path.parent
            return _decode(lambda name: _content(folder / name))
        with open_file(path) as file, zipfile.ZipFile(file) as bundle:
            return _decode(bundle.read)
    except (KeyError, TypeError, ValueError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise EngineError(
            "bad_file",
            f"{path.name} cannot be read: {type(error).__name__} {error}.",
            ["Download or export it again."],
        ) from error


def _decode(read: Callable[[str], bytes]) -> Splats:
    meta = json.loads(read("meta.json"))
    n = meta["count"] if "count" in meta else meta["means"]["shape"][0]  # version 2, version 1
    if n < 1:
        raise ValueError("no splats")

    def pixels(part: Mapping[str, Any], number: int = 0) -> UInt8[Array, "n 4"]:
        values = _image(read(part["files"][number])).reshape(-1, 4)[:n]
        if len(values) < n:
            raise ValueError(f"{part['files'][number]} has {len(values):,} of {n:,} pixels")
        return values

    low = pixels(meta["means"], 0)
    high = pixels(meta["means"], 1)
    quats = pixels(meta["quats"])
    stretched = _between((low + 256.0 * high)[:, :3] / 65535, meta["means"])
    if quats[:, 3].min() < 252:
        raise ValueError("the alpha channel of quats must be 252 to 255")
    stored = pixels(meta["sh0"])
    # The fourth channel is the opacity, or its logit in version 1.
    sh0 = _values(stored, meta["sh0"])
    shN = np.empty((n, 0, 3), np.float32)
    if "shN" in meta:
        labels = pixels(meta["shN"], 1).astype(np.int64)
        shN = _palette(_image(read(meta["shN"]["files"][0])), meta["shN"])[
            labels[:, 0] + 256 * labels[:, 1]
        ]
    return checked(
        Gaussians(
            means=(np.sign(stretched) * np.expm1(np.abs(stretched))).astype(np.float32),
            quats=from_smallest_three((quats[:, :3] / 255 - 0.5) * np.sqrt(2), quats[:, 3] - 252),
            scales=np.exp(_values(pixels(meta["scales"])[:, :3], meta["scales"])),
            opacities=stored[:, 3] / np.float32(255)
            if "codebook" in meta["sh0"]
            else 1 / (1 + np.exp(-sh0[:, 3])),
            sh0=sh0[:, None, :3].copy(),
            shN=shN,
        )
    )


def _palette(image: UInt8[Array, "h w 4"], part: Mapping[str, Any]) -> Float[Array, "P S 3"]:
    """The spherical harmonics of the palette; the image has 64 entries of S pixels in each row."""
    s = image.shape[1] // 64
    if s not in (3, 8, 15):
        raise ValueError(f"{part['files'][0]} is {image.shape[1]} pixels wide")
    return _values(image.reshape(-1, s, 4)[..., :3], part)


def _values(bytes_: UInt8[Array, "*shape"], part: Mapping[str, Any]) -> Float[Array, "*shape"]:
    """The values of bytes: entries of a codebook, or fractions of a range."""
    if "codebook" in part:
        return np.array(part["codebook"], np.float32)[bytes_]
    return _between(bytes_ / 255, part).astype(np.float32)


def _between(values: Float[Array, "*shape"], part: Mapping[str, Any]) -> Float[Array, "*shape"]:
    low, high = (np.array(part[end], np.float64) for end in ("mins", "maxs"))
    return low + values * (high - low)


def _image(content: bytes) -> UInt8[Array, "h w 4"]:
    return np.asarray(Image.open(BytesIO(content)).convert("RGBA"))


def _content(path: Path) -> bytes:
    with open_file(path) as file:
        return file.read()
