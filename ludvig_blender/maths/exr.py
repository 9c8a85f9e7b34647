"""OpenEXR files with layers and passes, as far as Blender writes and reads them.

Blender's Python cannot read the passes of a render: pixels of multilayer images are empty to it,
and not every Blender brings OpenImageIO. Read are files of one part without compression. Written
are files with 16 bits per number, 32 for depth, compressed without loss (ZIP). The format:
https://openexr.com/en/latest/OpenEXRFileLayout.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np

MAGIC = 20000630
# Of the version: there are channels with names of more than 31 bytes.
LONG_NAMES = 0x400
TYPES = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}
LARGEST = {1: 65504.0, 2: np.inf}  # what 16 bits hold
ZIP, ROWS = 3, 16  # the compression, and how many rows it takes at once
# Blender reads a file with this attribute as one with layers and passes.
MARK = b"BlenderMultiChannel\0string\0"
MARKED = b"Blender V2.55.1 and newer"


def read(data: bytes) -> dict[str, np.ndarray]:
    """The channels of a file, each (H, W) float32, top row first. Raises `ValueError`."""
    found, at = _header(data)
    if found["compression"] != b"\0":
        raise ValueError("the file is compressed")
    left, top, right, bottom = struct.unpack("<4i", found["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    channels = list(_channels(found["channels"]))
    row = np.dtype([("head", "<i4", 2)] + [(name, TYPES[kind], width) for name, kind in channels])
    rows = np.frombuffer(data, row, height, at + 8 * height)
    return {name: rows[name].astype(np.float32) for name, _ in channels}


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    """The attributes of a file, and where its table of places begins. Raises `ValueError`."""
    magic, _ = struct.unpack_from("<ii", data)
    if magic != MAGIC:
        raise ValueError("this is no OpenEXR file")
    found, at = {}, 8
    while data[at]:
        name, at = _text(data, at)
        _, at = _text(data, at)
        (size,) = struct.unpack_from("<i", data, at)
        found[name] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found, at + 1


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1


def _channels(listed: bytes) -> Iterator[tuple[str, int]]:
    at = 0
    while listed[at]:
        name, at = _text(listed, at)
        yield name, *struct.unpack_from("<i", listed, at)
        at += 16


def write(channels: Mapping[str, np.ndarray]) -> bytes:
    """A file with these channels (H, W), top row first, such as "ViewLayer.Combined.R"."""
    # In the order of their bytes, as the format wants.
    kinds = {name: 2 if name.endswith(".Z") else 1 for name in sorted(channels, key=str.encode)}
    height, width = next(iter(channels.values())).shape
    head = _head(kinds, width, height)
    blocks = []
    for start in range(0, height, ROWS):
        raw = b"".join(
            np.clip(channels[name][line], -LARGEST[kind], LARGEST[kind])
            .astype(TYPES[kind])
            .tobytes()
            for line in range(start, min(start + ROWS, height))
            for name, kind in kinds.items()
        )
        packed = _packed(raw)
        blocks.append(struct.pack("<2i", start, len(packed)) + packed)
    places = np.cumsum([len(head) + 8 * len(blocks), *map(len, blocks[:-1])], dtype="<u8")
    return head + places.tobytes() + b"".join(blocks)


def _head(kinds: Mapping[str, int], width: int, height: int) -> bytes:
    """What a file has before its table of places; `kinds` are those of the channels, in order."""
    listed = b"".join(
        name.encode() + b"\0" + struct.pack("<i4x2i", kind, 1, 1) for name, kind in kinds.items()
    )
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    long = any(len(name.encode()) > 31 for name in kinds)
    head = struct.pack("<ii", MAGIC, 2 | (LONG_NAMES if long else 0))
    for name, value in (
        (b"channels\0chlist\0", listed + b"\0"),
        (b"compression\0compression\0", bytes([ZIP])),
        (b"dataWindow\0box2i\0", window),
        (b"displayWindow\0box2i\0", window),
        (b"lineOrder\0lineOrder\0", b"\0"),
        (b"pixelAspectRatio\0float\0", struct.pack("<f", 1)),
        (b"screenWindowCenter\0v2f\0", struct.pack("<2f", 0, 0)),
        (b"screenWindowWidth\0float\0", struct.pack("<f", 1)),
        (MARK, MARKED),
    ):
        head += name + struct.pack("<i", len(value)) + value
    return head + b"\0"


def _packed(raw: bytes) -> bytes:
    """Compressed as the format has it: bytes of odd places last, then their differences."""
    values = np.frombuffer(raw, np.uint8)
    parted = np.concatenate([values[::2], values[1::2]])
    parted[1:] -= parted[:-1].copy() - np.uint8(128)
    packed = zlib.compress(parted.tobytes(), 4)
    return packed if len(packed) < len(raw) else raw
