"""Arrays of .safetensors files, as NumPy knows them.

The library checks the header against the file's size; what NumPy has no type for is left to us.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open

from ..arrays import Array
from ..errors import EngineError
from .files import open_file
from .numpy_files import MOST_SIDES

# NumPy names that safetensors' types have, where they have one.
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BOOL": "?",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
}
# PyTorch's usual type of features: the upper half of a float32.
_BFLOAT16 = "BF16"


def read_tensors(
    path: str | os.PathLike[str], *names: str
) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays called `names`, or all, and the metadata; bfloat16 becomes float32.

    Raises `EngineError`: the errors of `open_file`, or "bad_file" if it is no such file, lacks an
    array, or has one of a type that NumPy does not know.
    """
    path = Path(path)
    with open_file(path):
        pass
    try:
        with safe_open(path, "numpy") as file:
            here = sorted(file.keys())
            if missing := [name for name in names if name not in here]:
                raise _bad(
                    path,
                    f"has no {missing[0]}, only {', '.join(here) or 'nothing'}",
                    "Give another file.",
                )
            wanted = names or tuple(here)
            parts = {name: file.get_slice(name) for name in wanted}
            types = {name: part.get_dtype() for name, part in parts.items()}
            shapes = {name: part.get_shape() for name, part in parts.items()}
            for name in wanted:
                if types[name] not in (*_TYPES, _BFLOAT16):
                    raise _bad(
                        path, f"holds {name} of the type {types[name]}", "Save it as float32."
                    )
                if len(shapes[name]) > MOST_SIDES:
                    raise _bad(path, f"holds {name} of {len(shapes[name])} dimensions", "Mend it.")
            if _BFLOAT16 in types.values():
                return _all_of(path, wanted), dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in wanted}
            return arrays, dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise _bad(path, f"is not a safetensors file: {error}", "Save it again.") from error


def _all_of(path: Path, names: tuple[str, ...]) -> dict[str, Array]:
    """The arrays of a file with types that the library cannot turn into NumPy's."""
    return {
        name: _array(part["dtype"], part["shape"], part["data"])
        for name, part in deserialize(path.read_bytes())
        if name in names
    }


def _array(kind: str, shape: list[int], data: bytes | bytearray) -> Array:
    if kind == _BFLOAT16:
        halves = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return halves.view(np.float32).reshape(shape)
    return np.frombuffer(data, _TYPES[kind]).reshape(shape)


def _bad(path: Path, what: str, remedy: str) -> EngineError:
    return EngineError("bad_file", f"{path} {what}.", [remedy])
