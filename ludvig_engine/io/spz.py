"""SPZ of Niantic, versions 2, 3 (gzip) and 4 (zstandard): https://github.com/nianticlabs/spz

After a header, one array follows the other: positions in 24-bit fixed point; opacities, colors and
log scales in bytes; quaternions in 3 bytes (version 2: x, y, z) or 4 (the three smallest
components); spherical harmonics in bytes. Version 4 compresses each array by itself, and a table
after its header has their sizes.

SPZ looks along -z with y up, whereas COLMAP and trainers look along z with y down. So y and z
change their signs here, to make the splats fit the cameras they were trained with.
"""

from __future__ import annotations

import os
import struct
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Float, UInt8
from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, checked
from .files import damage_explained, size_of
from .quantized import from_smallest_three
from .unpacked import limit, open_unpacked

MAGIC = b"NGSP"
_HEADER = struct.Struct("<4sIIBBxx")
# Signs of a quaternion's w, x, y, z; the last three are those of a point.
_FLIP = np.array([1, 1, -1, -1], np.float32)
# Colors are stored as 0.5 + 0.15 * sh0, to leave room for values outside 0..1.
_COLOR_SCALE = 0.15
# Positions have 24 bits.
_FRACTION = 24
# Bytes that decompressing may look back: what zstandard's highest levels use.
_WINDOW = 1 << 27


def read_spz(path: str | os.PathLike[str]) -> Splats:
    """Read an SPZ file, in its order.

    Raises `EngineError`: "bad_file" if the file is damaged or of an unknown version,
    "missing_package" if it is of version 4 and zstandard is not installed.
    """
    name = Path(path).name
    with open_unpacked(path) as file:
        magic, version, count, degree, fraction = _HEADER.unpack(
            file.read(_HEADER.size).ljust(_HEADER.size, b"\0")
        )
        if magic != MAGIC:
            raise _bad(name, "it is not an SPZ file")
        if version not in (2, 3, 4):
            raise _bad(name, f"it is an SPZ of version {version}, where 2, 3 and 4 are known")
        if degree > 4 or fraction > _FRACTION:
            raise _bad(
                name, f"it has harmonics of degree {degree} and {fraction} bits after the point"
            )
        if not count:
            raise _bad(name, "it has no splats in it")
        s = (degree + 1) ** 2 - 1
        sizes = [count * k for k in (9, 1, 3, 3, 3 if version == 2 else 4, 3 * s)]
        # What version 4 unpacks itself has the limit of all packed files.
        most = limit(size_of(file)) if version == 4 else size_of(file)
        if sum(sizes) > most:
            raise _bad(
                name,
                f"{count:,} splats take {sum(sizes):,} bytes, and it can have {most:,} at most",
            )
        data = _streams(file, name, sizes) if version == 4 else file.read(sum(sizes))
    if len(data) < sum(sizes):
        raise _bad(
            name, f"it has {len(data):,} of the {sum(sizes):,} bytes that {count:,} splats take"
        )
    ends = np.cumsum(sizes)
    positions, alphas, colors, scales, rotations, harmonics = np.split(
        np.frombuffer(data, np.uint8, ends[-1]), ends[:-1]
    )
    return checked(
        Gaussians(
            means=_fixed_point(positions.reshape(-1, 3, 3))
            * np.float32(2.0**-fraction)
            * _FLIP[1:],
            quats=(_xyz if version == 2 else _smallest_three)(rotations.reshape(count, -1)) * _FLIP,
            scales=np.exp(scales.reshape(-1, 3).astype(np.float32) / 16 - 10),
            opacities=alphas.astype(np.float32) / 255,
            sh0=((colors.astype(np.float32) / 255 - 0.5) / _COLOR_SCALE).reshape(-1, 1, 3),
            shN=(harmonics.astype(np.float32) / 128 - 1).reshape(count, s, 3)
            * _harmonic_signs(degree),
        )
    )


def _harmonic_signs(degree: int) -> Float[Array, "S 1"]:
    """Which spherical harmonics change their sign when y and z do.

    The function of degree l and order m is odd in y if m is negative, and odd in z if l - |m| is
    odd.
    """
    signs = [
        (-1.0) ** ((m < 0) + order - abs(m))
        for order in range(1, degree + 1)
        for m in range(-order, order + 1)
    ]
    return np.array(signs, np.float32).reshape(-1, 1)


def _fixed_point(data: UInt8[Array, "N 3 3"]) -> Float[Array, "N 3"]:
    """24-bit two's complement, lowest byte first."""
    words = np.zeros((*data.shape[:2], 4), np.uint8)
    # In the upper three bytes, so that the sign bit is in its place.
    words[..., 1:] = data
    return (words.view("<i4")[..., 0] >> 8).astype(np.float32)


def _xyz(data: UInt8[Array, "N 3"]) -> Float[Array, "N 4"]:
    """Version 2: x, y, z. w is positive and follows from the unit length."""
    xyz = data.astype(np.float32) / 127.5 - 1
    return from_smallest_three(xyz, np.zeros(len(xyz), np.int64))


def _smallest_three(data: UInt8[Array, "N 4"]) -> Float[Array, "N 4"]:
    """Versions 3 and 4: the three smallest components.

    A word has the number of the largest of x, y, z, w, then a sign and 9 bits for each of the
    others.
    """
    words = np.ascontiguousarray(data).view("<u4")[:, 0].astype(np.int64)
    fields = (words[:, None] >> np.array([20, 10, 0])) & 1023
    three = np.where(fields & 512, -1, 1) * (fields & 511) / 511 * np.sqrt(0.5)
    return np.roll(from_smallest_three(three, words >> 30), 1, axis=1)  # xyzw to wxyz


def _streams(file: BinaryIO, name: str, sizes: list[int]) -> bytes:
    """The arrays of a version 4 file, decompressed and joined.

    At 15 are their number and the place of a table of their sizes, packed and whole.
    """
    try:
        # An optional package, because few files need it.
        zstandard = import_module("zstandard")
    except ImportError as error:
        raise EngineError(
            "missing_package",
            f"{name} is an SPZ of version 4, which needs the Python package zstandard.",
            ["Run: pip install zstandard", "Or save it as SPZ version 3, or as PLY."],
        ) from error
    arrays = []
    with damage_explained(name, zstandard.ZstdError):
        file.seek(15)
        count, table = struct.unpack("<BI", file.read(5))
        file.seek(table)
        entries = list(struct.iter_unpack("<QQ", file.read(16 * count)))
        for size, (packed, whole) in zip(sizes, entries, strict=False):
            if whole != size or packed > size_of(file):
                raise _bad(name, f"an array has {whole:,} bytes instead of {size:,}")
            # A stream, because a frame claims a size of its own, for which memory would be taken.
            stream = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
                file.read(packed)
            )
            array = stream.read(size + 1)
            if len(array) != size:
                raise _bad(name, f"an array does not have the {size:,} bytes that its table says")
            arrays.append(array)
    return b"".join(arrays)


def _bad(name: str, reason: str) -> EngineError:
    return EngineError(
        "bad_file", f"{name} cannot be read: {reason}.", ["Download or export the file again."]
    )
