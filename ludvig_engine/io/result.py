"""Results on disk: safetensors files of arrays in the splat file's order, with metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from ..arrays import Array
from ..errors import EngineError, plural
from .atomic import atomic_write
from .plain_json import to_json
from .tensors import read_tensors


def write(path: str | PathLike[str], arrays: Mapping[str, Array], about: Mapping[str, Any]) -> None:
    """Write arrays, and `about` as metadata: JSON texts by name, as `to_json` makes them.

    The same arrays and metadata make the same bytes. Raises the errors of `atomic_write`.
    """
    data = save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        metadata=_texts(about),
    )
    with atomic_write(path, needed=len(data)) as temporary, temporary.open("wb") as file:
        file.writelines(_in_order(data))


def read_result(path: str | PathLike[str], *names: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays called `names` (all if none are given) and the metadata.

    Raises `EngineError`: "not_found", or "bad_file" if it is no result file or lacks an array.
    """
    if not Path(path).is_file():
        raise EngineError(
            "not_found",
            f"There is no file {path}.",
            ["Write it with: ludvig segment ... --out FILE."],
        )
    arrays, texts = read_tensors(path, *names)
    try:
        return arrays, {name: json.loads(text) for name, text in texts.items()}
    except (ValueError, RecursionError) as error:
        raise EngineError(
            "bad_file",
            f"{path} is not a result file: {error}.",
            ["Write it with: ludvig segment ... --out FILE."],
        ) from error


def read_values(path: str | PathLike[str], name: str) -> Array:
    """One number per splat, or one per splat and text: float32 (F,) or (F, T), in file order.

    Raises `EngineError` as `read_result`, and "bad_file" for other shapes or values.
    """
    values = read_result(path, name)[0][name]
    if values.ndim not in (1, 2) or 0 in values.shape or values.dtype.kind not in "biuf":
        raise EngineError(
            "bad_file",
            f"{name} in {path} has the shape {values.shape} and type {values.dtype}, but one "
            "number per splat is expected.",
            ["Give a result of: ludvig segment."],
        )
    if bad := int((~np.isfinite(values)).sum()):
        raise EngineError(
            "bad_file",
            f"{name} in {path} has {plural(bad, 'value that is', 'values that are')} NaN or "
            "infinite.",
            ["Run ludvig segment again."],
        )
    return values.astype(np.float32)


def _in_order(data: bytes) -> tuple[bytes, memoryview]:
    """A file of the library, whose metadata come in another order each time, sorted by name."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays are aligned
    return len(text).to_bytes(8, "little") + text, memoryview(data)[start:]


def _texts(about: Mapping[str, Any]) -> dict[str, str]:
    return {name: to_json(value) for name, value in about.items()}
