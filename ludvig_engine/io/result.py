"""Results on disk: safetensors files of arrays in the splat file's order, with metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..arrays import Array
from ..errors import EngineError
from .atomic import atomic_write
from .json_text import to_json


def write(path: str | PathLike[str], arrays: Mapping[str, Array], about: Mapping[str, Any]) -> None:
    """Write arrays, and `about` as metadata: JSON texts by name, as `to_json` makes them.

    Raises the errors of `atomic_write`.
    """
    data = save(
        {name: np.ascontiguousarray(array) for name, array in arrays.items()},
        metadata=_texts(about),
    )
    with atomic_write(path, needed=len(data)) as temporary:
        temporary.write_bytes(data)


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
    try:
        with safe_open(path, "numpy") as file:
            here = set(file.keys())
            if missing := [name for name in names if name not in here]:
                raise EngineError(
                    "bad_file",
                    f"{path} has no {missing[0]}, only {', '.join(sorted(here))}.",
                    ["Give another result file."],
                )
            arrays = {name: file.get_tensor(name) for name in names or sorted(here)}
            about = {name: json.loads(text) for name, text in (file.metadata() or {}).items()}
    except (SafetensorError, json.JSONDecodeError, OSError) as error:
        raise EngineError(
            "bad_file", f"{path} is not a result file: {error}.", ["Run the command again."]
        ) from error
    return arrays, about


def _texts(about: Mapping[str, Any]) -> dict[str, str]:
    return {name: to_json(value) for name, value in about.items()}
