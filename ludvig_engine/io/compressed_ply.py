"""The compressed PLY of PlayCanvas and SuperSplat: 16 bytes per splat.

Splats are in chunks of 256 with a common range. Each has four 32-bit words: position and log scale
with 11, 10 and 11 bits (x highest), between the chunk's minimum and maximum; a quaternion as the
number of its largest component (2 bits; w is 0) and the three others (10 bits each); color and
opacity with 8 bits each. In newer files the chunks have a range of colors as well. An element `sh`
may follow, with the spherical harmonics as bytes between -4 and 4, channel-major as in a plain PLY.
"""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Float, Shaped
from ..scene import Gaussians
from .activation import Splats, checked
from .ply_header import Header, read_header
from .ply_rows import read_rows
from .quantized import from_smallest_three, sh0_from_colors
from .unpacked import open_unpacked

CHUNK = 256
_WORDS = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
_POSITION = ["x", "y", "z"]
_SCALE = ["scale_x", "scale_y", "scale_z"]
_COLOR = ["r", "g", "b"]


def read_compressed_ply(path: str | os.PathLike[str]) -> Splats:
    """Read a compressed PLY, in its order. Raises `EngineError` "bad_file" if it is damaged."""
    with open_unpacked(path) as file:
        header = read_header(file, path)
        chunks, packed = _table(file, header, "chunk"), _table(file, header, "vertex")
        sh = _table(file, header, "sh") if header.has("sh") else None
    n = len(packed)
    names = set(_WORDS) - set(packed.dtype.names or ())
    ends = set(chunks.dtype.names or ())
    colored = any(name in ends for name in ("min_r", "max_r"))  # newer files
    axes = _POSITION + _SCALE + (_COLOR if colored else [])
    names |= {f"{end}_{axis}" for end in ("min", "max") for axis in axes} - ends
    rest = [] if sh is None else [f"f_rest_{i}" for i in range(len(sh.dtype.names or ()))]
    if sh is not None:
        names |= set(rest) - set(sh.dtype.names or ())
    if names:
        raise header.bad(f"it has no property {', '.join(sorted(names)[:4])}")
    if any(packed.dtype[name].str[1:] not in ("u4", "i4") for name in _WORDS):
        raise header.bad("its words are not integers of 4 bytes")
    if sh is not None and (
        len(rest) not in (9, 24, 45, 72) or any(sh.dtype[name] != np.uint8 for name in rest)
    ):
        raise header.bad("its spherical harmonics are not 9, 24, 45 or 72 bytes")
    if not n or len(chunks) * CHUNK < n or (sh is not None and len(sh) != n):
        raise header.bad(f"{len(chunks):,} chunks do not make {n:,} splats")

    color = _unpack(packed["packed_color"], 8, 8, 8, 8)
    rgb = color[:, :3]
    if colored:
        rgb = _within(rgb, chunks, _COLOR)
    rotation = packed["packed_rotation"].astype(np.uint32)
    return checked(
        Gaussians(
            means=_within(_unpack(packed["packed_position"], 11, 10, 11), chunks, _POSITION),
            quats=from_smallest_three(
                (_unpack(rotation, 2, 10, 10, 10)[:, 1:] - 0.5) * np.sqrt(2), rotation >> 30
            ),
            scales=np.exp(_within(_unpack(packed["packed_scale"], 11, 10, 11), chunks, _SCALE)),
            opacities=color[:, 3].astype(np.float32),
            sh0=sh0_from_colors(rgb),
            shN=_harmonics(sh) if sh is not None else np.empty((n, 0, 3), np.float32),
        )
    )


def _table(file: BinaryIO, header: Header, name: str) -> Shaped[Array, " R"]:
    blocks = list(read_rows(file, header, name))
    return np.concatenate(blocks) if blocks else np.empty(0, header.table(name).dtype)


def _unpack(words: Shaped[Array, " N"], *bits: int) -> Float[Array, "N K"]:
    """The fields of 32-bit words, highest first, scaled to 0..1."""
    shifts = 32 - np.cumsum(bits)
    largest = (1 << np.array(bits)) - 1
    return ((words.astype(np.uint32)[:, None] >> shifts) & largest) / largest


def _within(
    values: Float[Array, "N 3"], chunks: Shaped[Array, " R"], axes: list[str]
) -> Float[Array, "N 3"]:
    """Scale values from 0..1 to between the minimum and the maximum of each splat's chunk."""
    low, high = (np.stack([chunks[f"{end}_{axis}"] for axis in axes], 1) for end in ("min", "max"))
    rows = np.arange(len(values)) // CHUNK
    return (low[rows] + values * (high - low)[rows]).astype(np.float32)


def _harmonics(rows: Shaped[Array, " N"]) -> Float[Array, "N S 3"]:
    """Spherical harmonics from bytes.

    A byte stands for the middle of a bin of width 1/32, except for the first and the last, which
    stand for -4 and 4.
    """
    count = len(rows.dtype.names or ())
    columns = np.stack([rows[f"f_rest_{i}"] for i in range(count)], 1).astype(np.float32)
    columns = np.where(columns == 0, 0, np.where(columns == 255, 256, columns + 0.5))
    return np.ascontiguousarray((columns / 32 - 4).reshape(-1, 3, count // 3).transpose(0, 2, 1))
