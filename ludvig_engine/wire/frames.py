"""Frames: named arrays and a few strings as bytes, in the safetensors layout.

    8 bytes    n, the header's length, little-endian
    n bytes    JSON: {"__metadata__": {name: string},
                      array name: {"dtype", "shape", "data_offsets": [start, end]}, ...}
    the rest   the arrays, little-endian and in C order, one after another: no gaps, no overlaps

The wire and the cache both use it, so any safetensors library can read either. Everything read here
may come from a hostile peer or a damaged disk. So every size is checked against a limit before
memory is allocated for it, and whatever is not exactly as written above is a `ProtocolError`.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import EngineError
from .json_text import ProtocolError, dump_json, parse_json

DTYPES = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"), "U16": np.dtype("<u2"), "U32": np.dtype("<u4"), "U64": np.dtype("<u8"),
    "I8": np.dtype("i1"), "I16": np.dtype("<i2"), "I32": np.dtype("<i4"), "I64": np.dtype("<i8"),
    "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
}  # fmt: skip
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}

# The header's limit in bytes. The names and photo paths of 10,000 views take about 2 MB.
MAX_HEADER = 16 << 20
# The body's limit in bytes. 10 million Gaussians with spherical harmonics of degree 3 take 2.4 GB.
MAX_BODY = 4 << 30
MAX_ARRAYS = 4096
MAX_DIMENSIONS = 8

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}")  # no slash or space: never a path

# The pieces of one frame, to be written one after the other.
Frame = list[bytes | memoryview]


@dataclass(frozen=True)
class Header:
    """The checked content of a frame's header."""

    metadata: dict[str, str]
    # By name: dtype, shape, and the array's first byte in the body.
    arrays: dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]
    size: int  # of the body, in bytes


def pack_frame(metadata: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> Frame:
    """One frame of arrays and strings.

    The arrays are not copied unless they are strided, so do not change them before the frame is
    written. Those with the largest items come first, as in the safetensors library, so that every
    array is aligned. Raises `EngineError` "too_large" if the limits above are exceeded.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    pieces: Frame = []
    end = 0
    for name, array in sorted(arrays.items(), key=lambda item: -item[1].itemsize):
        if not _NAME.fullmatch(name) or array.dtype not in DTYPE_NAMES:
            raise ValueError(f'an array "{name}" of {array.dtype} cannot be sent')
        start, end = end, end + array.nbytes
        header[name] = {
            "dtype": DTYPE_NAMES[array.dtype],
            "shape": array.shape,
            "data_offsets": [start, end],
        }
        if array.size:
            pieces.append(np.asarray(array, order="C").reshape(-1).view(np.uint8).data)
    text = dump_json(header).encode()
    text += b" " * (-len(text) % 8)  # keeps the body aligned in a memory-mapped file
    if len(text) > MAX_HEADER or end > MAX_BODY or len(arrays) > MAX_ARRAYS:
        raise EngineError(
            "too_large",
            f"{len(arrays):,} arrays of {end / 1e9:.1f} GB with a header of "
            f"{len(text) / 1e6:.1f} MB are too much: {MAX_ARRAYS:,}, {MAX_BODY / 1e9:.1f} GB and "
            f"{MAX_HEADER / 1e6:.1f} MB are allowed.",
            ["Pass large data as a file.", "Work on a part of the scene."],
        )
    return [len(text).to_bytes(8, "little") + text, *pieces]


def read_frame(
    fill: Callable[[memoryview], None], *, max_header: int = MAX_HEADER, max_body: int = MAX_BODY
) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The metadata and arrays of the next frame.

    `fill` fills the memory it is given with the next bytes of the stream, or raises. All arrays are
    views of one block of memory. The block is not cleared: the system hands out memory when it is
    first written to, so a peer that announces a huge body but sends little of it costs little
    memory. Raises `ProtocolError` for a frame that is malformed or over the limits.
    """
    prefix = bytearray(8)
    fill(memoryview(prefix))
    size = int.from_bytes(prefix, "little")
    if size > max_header:
        raise ProtocolError(f"a header of {size:,} bytes, when {max_header:,} are allowed")
    text = bytearray(size)
    fill(memoryview(text))
    header = parse_header(text)
    if header.size > max_body:
        raise ProtocolError(f"a body of {header.size:,} bytes, when {max_body:,} are allowed")
    try:
        body = np.empty(header.size, np.uint8)
    except MemoryError as error:
        raise ProtocolError(
            f"a body of {header.size:,} bytes, when there is not so much memory"
        ) from error
    if header.size:
        fill(body.data)
    return header.metadata, {name: _view(body, *place) for name, place in header.arrays.items()}


def parse_header(text: bytes | bytearray) -> Header:
    """Check the JSON of a frame's header. Raises `ProtocolError` if anything in it is wrong."""
    table = parse_json(text)
    if not isinstance(table, dict) or len(table) > MAX_ARRAYS:
        raise ProtocolError(f"a header that is not a table of at most {MAX_ARRAYS} arrays")
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str) for value in metadata.values()
    ):
        raise ProtocolError("metadata that are not strings")
    arrays, places = {}, []
    for name, entry in table.items():
        if not _NAME.fullmatch(name):
            raise ProtocolError(f"an array called {name[:40]!r}")
        dtype, shape, start, end = _parse_entry(name, entry)
        arrays[name] = dtype, shape, start
        places.append((start, end))
    size = 0
    for start, end in sorted(places):
        if start != size:
            raise ProtocolError(
                f"arrays that {'overlap' if start < size else 'leave a gap'} at byte {start:,}"
            )
        size = end
    return Header(metadata, arrays, size)


def _parse_entry(name: str, entry: object) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """dtype, shape, start and end of one array."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ProtocolError(f'an array "{name}" without exactly dtype, shape and data_offsets')
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise ProtocolError(f'an array "{name}" of unknown dtype {str(entry["dtype"])[:20]!r}')
    dtype = DTYPES[entry["dtype"]]
    for numbers, most in (shape, MAX_DIMENSIONS), (offsets, 2):
        # type() and not isinstance(), because bool is a subclass of int.
        if (
            not isinstance(numbers, list)
            or len(numbers) > most
            or any(type(n) is not int or n < 0 for n in numbers)
        ):
            raise ProtocolError(
                f'an array "{name}" of shape {str(shape)[:40]} at {str(offsets)[:40]}'
            )
    # The other sides of an empty array are limited too, because NumPy cannot make arrays with
    # absurd ones.
    if math.prod(max(side, 1) for side in shape) * dtype.itemsize > 2**62:
        raise ProtocolError(f'an array "{name}" that is too large')
    if len(offsets) != 2 or offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise ProtocolError(f'an array "{name}" whose shape {shape} and offsets {offsets} disagree')
    return dtype, tuple(shape), offsets[0], offsets[1]


def _view(body: np.ndarray, dtype: np.dtype[Any], shape: tuple[int, ...], start: int) -> np.ndarray:
    part = body[start : start + math.prod(shape) * dtype.itemsize]
    if dtype.kind == "b" and part.size and part.max() > 1:
        # This matters: NumPy counts trues by adding bytes, so a "true" of 255 would overrun the
        # result of array[mask].
        raise ProtocolError("a truth value other than 0 and 1")
    # Frames of other writers may not be aligned; "A" copies what is not.
    return np.require(part.view(dtype).reshape(shape), requirements="A")
