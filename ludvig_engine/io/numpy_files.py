"""Arrays that users give as .npy or .npz files: read within the file's own size, never unpickled.

The header is read and checked first, because NumPy allocates whatever a header claims.
"""

from __future__ import annotations

import lzma
import math
import os
import tokenize
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..arrays import Array
from ..errors import EngineError
from .files import open_file

SUFFIXES = (".npy", ".npz")
# A .npz may expand to this many times its size, or to FREE bytes. Deflate reaches 1032, which
# bombs use; features reach 2, and masks of a few megapixels stay within FREE.
EXPANSION = 64
FREE = 64 << 20
# NumPy 1 has at most that many dimensions.
MOST_SIDES = 32
# What NumPy raises for a header, which is a Python literal, and zipfile for an archive.
_BAD_HEADER = (
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    OverflowError,
    RecursionError,
    MemoryError,
    tokenize.TokenError,
)
_BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,  # an unknown compression
    RuntimeError,  # it is encrypted
)


def read_array(path: str | os.PathLike[str]) -> Array:
    """The array of a .npy file, or the only one of a .npz, in native byte order and C order.

    Numbers and booleans only. Raises `EngineError`: the errors of `open_file`, and "bad_file" for
    anything else, such as a file that is shorter than its header says.
    """
    path = Path(path)
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if path.suffix.lower() != ".npz":
            return _read(file, size, path)
        data = _only_entry(file, size, path)
    return _read(BytesIO(data), len(data), path)


def _only_entry(file: BinaryIO, size: int, path: Path) -> bytes:
    """The only entry of an archive of `size` bytes, expanded."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != 1:
                raise _bad(
                    path, f"holds {len(entries)} arrays instead of 1", "Save one array in it."
                )
            expanded, limit = entries[0].file_size, max(EXPANSION * size, FREE)
            if expanded > limit:
                raise _bad(
                    path,
                    f"has {size:,} bytes and would expand to {expanded:,}, more than the "
                    f"{limit:,} that are read",
                    "Save the array as .npy, which is not compressed.",
                )
            with archive.open(entries[0]) as content:
                return content.read(expanded)
    except _BAD_ARCHIVE as error:
        raise _unreadable(path, error) from error


def _read(file: BinaryIO | BytesIO, size: int, path: Path) -> Array:
    """The array in a file of `size` bytes."""
    try:
        shape, fortran, dtype = _header(file)
    except _BAD_HEADER as error:
        raise _unreadable(path, error) from error
    if dtype.hasobject:
        raise _bad(
            path,
            "holds Python objects, which are not read because they can run programs",
            "Save an array of numbers: numpy.save(path, array.astype(numpy.float32)).",
        )
    if dtype.kind not in "biuf":
        raise _bad(path, f"holds values of the type {dtype}, not numbers", "Save numbers.")
    needed = math.prod(shape) * dtype.itemsize
    left = size - file.tell()
    if any(side < 0 for side in shape) or needed > left:
        raise _bad(
            path,
            f"claims an array of shape {_by(shape)} and type {dtype}, which takes {needed:,} "
            f"bytes, but has only {left:,}",
            "Save the array again.",
        )
    if len(shape) > MOST_SIDES:
        raise _bad(path, f"holds an array of {len(shape)} dimensions", "Save another array.")
    values = np.empty(math.prod(shape), dtype)
    # typeshed's BinaryIO has no readinto.
    size = file.readinto(values.view(np.uint8).data)  # type: ignore[union-attr]
    if size != needed:  # it has become shorter
        raise _bad(path, f"ends after {size:,} of {needed:,} bytes of data", "Save it again.")
    array = values.reshape(shape, order="F" if fortran else "C")
    return np.asarray(array, dtype.newbyteorder("="), order="C")


def _header(file: BinaryIO | BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    # Version 3 differs from 2 by names of fields that are not ASCII, which arrays of numbers lack.
    raise ValueError(f"it is a .npy of version {version[0]}.{version[1]}")


def _unreadable(path: Path, error: Exception) -> EngineError:
    what = next(iter(str(error).splitlines()), type(error).__name__)
    return _bad(path, f"cannot be read: {what}", "Save the array again.")


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "()"


def _bad(path: Path, what: str, remedy: str) -> EngineError:
    return EngineError("bad_file", f"{path} {what}.", [remedy])
