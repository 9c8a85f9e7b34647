"""SOG of PlayCanvas, versions 1 and 2.

https://developer.playcanvas.com/user-manual/gaussian-splatting/formats/sog

A SOG is a meta.json and lossless WebP images, in a folder or in a zip; pixel i of an image belongs
to splat i. Positions have 16 bits per axis, in two images, and grow exponentially. Quaternions are
the smallest three components, with the number of the largest (w is 0) in the alpha channel. The
other bytes are indices into a codebook (version 2) or fractions between a minimum and a maximum
(version 1). Spherical harmonics come from a palette of up to 65,536 entries.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..arrays import Array, Float, Int, UInt8
from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, checked
from .files import damage_explained, open_file, parse_json, size_of
from .quantized import from_smallest_three
from .unpacked import RATIO, limit, open_unpacked

# Bytes of a splat in its images before they are packed, without harmonics.
_BYTES = 20
# Splats that a file of any size may have.
_FEW = 100_000
# Images have whole rows and sides of certain multiples, so more pixels than splats.
_PADDING = 1 << 16
# Pixels of a palette of 65,536 entries of 15.
_PALETTE = 15 << 16


def read_sog(path: str | os.PathLike[str]) -> Splats:
    """Read a .sog file, or the folder or meta.json of an unpacked one, in its order.

    Raises `EngineError` "bad_file" if a part is missing or damaged.
    """
    path = Path(path)
    if path.is_dir() or path.suffix.lower() == ".json":
        folder = path if path.is_dir() else path.parent
        size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        meta = folder / "meta.json" if path.is_dir() else path
        return _decode(
            lambda name: _content(meta if name == "meta.json" else folder / name), path.name, size
        )
    with open_unpacked(path) as file:
        with damage_explained(path.name):
            bundle = zipfile.ZipFile(file)
        metas = [name for name in bundle.namelist() if Path(name).name == "meta.json"]
        if not metas:
            raise _bad(path.name, "it has no meta.json")
        # A folder may have been zipped as a whole, so that its name is part of all names.
        place = min(metas, key=len).removesuffix("meta.json")
        size = size_of(file)
        return _decode(lambda name: _member(bundle, place + name, path.name, size), path.name, size)


def _decode(read: Callable[[str], bytes], name: str, size: int) -> Splats:
    called = name if name.endswith(".json") else f"The meta.json of {name}"
    content = parse_json(read("meta.json"), called)
    if not isinstance(content, dict) or not content.keys() & {"means", "count"}:
        raise EngineError(
            "bad_file",
            f"{name} has no splats in it.",
            ["Choose a file of splats. A .json is one only as the meta.json of a SOG."],
        )
    meta = _Part(content, name)
    if "version" in meta and meta.numbers("version").tolist() not in (1, 2):
        raise EngineError(
            "bad_file",
            f"{name} is a SOG of version {meta.numbers('version')}; 1 and 2 can be read.",
            ["Convert it to PLY, with SuperSplat for example."],
        )
    shape = meta.numbers("count") if "count" in meta else meta.part("means").numbers("shape")
    count = float(shape.flat[0])  # version 2, version 1
    # Images of a few bytes can have any number of equal pixels.
    if not 1 <= count <= max(RATIO * size // _BYTES, _FEW):
        raise _bad(name, f"{size:,} bytes do not hold {count:,.0f} splats")
    n = int(count)

    def pixels(part: _Part, number: int = 0) -> UInt8[Array, "n 4"]:
        file = part.file(number)
        image = _image(read(file), file, name, 4 * n + _PADDING)
        if len(image.reshape(-1, 4)) < n:
            raise _bad(name, f"{file} has {image.size // 4:,} of {n:,} pixels")
        return image.reshape(-1, 4)[:n]

    means, stored = meta.part("means"), meta.part("sh0")
    low = pixels(means, 0)
    high = pixels(means, 1)
    quats = pixels(meta.part("quats"))
    stretched = _between((low + 256.0 * high)[:, :3] / 65535, means)
    if quats[:, 3].min() < 252:
        raise _bad(name, "the alpha channel of quats must be 252 to 255")
    colors = pixels(stored)
    # The fourth channel is the opacity, or its logit in version 1.
    sh0 = _values(colors, stored)
    scales = meta.part("scales")
    shN = np.empty((n, 0, 3), np.float32)
    if "shN" in meta:
        labels = pixels(meta.part("shN"), 1).astype(np.int64)
        shN = _harmonics(labels[:, 0] + 256 * labels[:, 1], meta.part("shN"), read)
    return checked(
        Gaussians(
            means=(np.sign(stretched) * np.expm1(np.abs(stretched))).astype(np.float32),
            quats=from_smallest_three((quats[:, :3] / 255 - 0.5) * np.sqrt(2), quats[:, 3] - 252),
            scales=np.exp(_values(pixels(scales)[:, :3], scales)),
            opacities=colors[:, 3] / np.float32(255)
            if "codebook" in stored
            else 1 / (1 + np.exp(-sh0[:, 3])),
            sh0=sh0[:, None, :3].copy(),
            shN=shN,
        )
    )


def _harmonics(
    labels: Int[Array, " n"], part: _Part, read: Callable[[str], bytes]
) -> Float[Array, "n S 3"]:
    """The palette's entries of these numbers; its image has 64 entries of S pixels in each row."""
    file = part.file(0)
    image = _image(read(file), file, part.name, _PALETTE)
    s = image.shape[1] // 64
    if s not in (3, 8, 15) or image.shape[1] % 64:
        raise _bad(part.name, f"{file} is {image.shape[1]} pixels wide")
    palette = _values(image.reshape(-1, s, 4)[..., :3], part)
    if labels.max() >= len(palette):
        raise _bad(part.name, f"it uses {labels.max() + 1:,} of {len(palette):,} palette entries")
    return palette[labels]


def _values(bytes_: UInt8[Array, "*shape"], part: _Part) -> Float[Array, "*shape"]:
    """The values of bytes: entries of a codebook, or fractions of a range."""
    if "codebook" not in part:
        return _between(bytes_ / 255, part).astype(np.float32)
    book = part.numbers("codebook").ravel()
    if len(book) <= bytes_.max():
        raise _bad(part.name, f"a codebook has {len(book):,} of 256 values")
    return book.astype(np.float32)[bytes_]


def _between(values: Float[Array, "*shape"], part: _Part) -> Float[Array, "*shape"]:
    low, high = (part.numbers(end) for end in ("mins", "maxs"))
    channels = values.shape[-1]
    if not all(end.shape in ((), (1,), (channels,)) for end in (low, high)):
        raise _bad(part.name, f"ranges of {low.size} and {high.size} values, not {channels}")
    return low + values * (high - low)


class _Part:
    """An object of the meta.json, which may lack anything or have it of any type."""

    def __init__(self, content: Any, name: str) -> None:  # as JSON has it
        if not isinstance(content, dict):
            raise _bad(name, f"its meta.json has {str(content)[:40]} where an object belongs")
        self._content = content
        self.name = name  # the file's

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def part(self, key: str) -> _Part:
        """The object at a key."""
        return _Part(self._content.get(key), self.name)

    def file(self, number: int) -> str:
        """The name of one of the files, which are all in one folder."""
        files = self._content.get("files")
        if (
            not isinstance(files, list)
            or len(files) <= number
            or not isinstance(files[number], str)
        ):
            raise _bad(self.name, f"its meta.json does not name file {number + 1} of a part")
        return Path(files[number].replace("\\", "/")).name

    def numbers(self, key: str) -> Float[Array, "..."]:
        """A number, or a list of them."""
        content = self._content.get(key)
        items = content if isinstance(content, list) else [content]
        if not items or not all(type(item) in (int, float) for item in items):
            raise _bad(self.name, f"its meta.json has no numbers at {key}")
        with damage_explained(self.name):  # integers beyond any float
            found = np.array(items, np.float64)
        return found if isinstance(content, list) else found.reshape(())


def _image(content: bytes, file: str, name: str, most: int) -> UInt8[Array, "h w 4"]:
    """An image of at most this many pixels, whatever its few bytes claim."""
    with damage_explained(f"{file} of {name}", Image.DecompressionBombError):
        with warnings.catch_warnings():
            # Pillow's own warning of bombs: the next lines are stricter.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            try:
                image = Image.open(BytesIO(content), formats=("WEBP", "PNG"))
            except UnidentifiedImageError as error:
                raise _bad(name, f"{file} is neither a WebP nor a PNG image") from error
        if image.width * image.height > most:
            size = f"{image.width:,} x {image.height:,}"
            raise _bad(name, f"{file} has {size} pixels, more than the {most:,} that it can need")
        return np.asarray(image.convert("RGBA"))


def _member(bundle: zipfile.ZipFile, member: str, name: str, size: int) -> bytes:
    if member not in bundle.namelist():
        raise _bad(name, f"it has no {member}")
    with damage_explained(name):
        entry = bundle.getinfo(member)
        if entry.file_size > limit(min(entry.compress_size, size)):
            raise _bad(name, f"{member} unpacks to {entry.file_size / 1e6:,.0f} MB")
        # Not `read`, which unpacks more than the entry says.
        with bundle.open(entry) as opened:
            return opened.read(entry.file_size)


def _content(path: Path) -> bytes:
    with open_file(path) as file:
        return file.read()


def _bad(name: str, reason: str) -> EngineError:
    return EngineError(
        "bad_file", f"{name} cannot be read: {reason}.", ["Download or export it again."]
    )
