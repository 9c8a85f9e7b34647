"""Open a file for reading, or explain in a sentence why that fails.

NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..arrays import Array, Shaped
from ..errors import EngineError


@contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """The file, open for reading bytes. Raises `EngineError`: "not_found" or "no_access"."""
    path = Path(path)
    if path.is_dir():
        raise EngineError(
            "not_found", f"{path} is a folder, not a file.", ["Choose the file itself."]
        )
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise EngineError(
            "not_found", f"There is no file {path}.", ["Check the path; was it moved?"]
        ) from error
    except OSError as error:
        raise EngineError(
            "no_access",
            f"Cannot read {path}: {error.strerror or error}.",
            ["Check its permissions."],
        ) from error
    with file:
        yield file


def read_records(file: BinaryIO, dtype: np.dtype[Any], count: int) -> Shaped[Array, " M"]:
    """The next `count` records of a file, or as many as there are.

    np.fromfile is no alternative: it may stop early when the system interrupts it, and then
    silently returns fewer records.
    """
    records = np.empty(count, dtype)
    # typeshed's BinaryIO has no readinto.
    size = file.readinto(records.view(np.uint8).data)  # type: ignore[attr-defined]
    return records[: size // records.itemsize]


def read_json(path: str | os.PathLike[str]) -> Any:
    """The content of a JSON file.

    Raises `EngineError` like `open_file`, and "bad_file" for bad JSON.
    """
    with open_file(path) as file:
        try:
            return json.load(file, object_pairs_hook=_without_repeats)
        # Of syntax or of encoding; lists within lists without end.
        except (ValueError, RecursionError) as error:
            raise EngineError(
                "bad_file", f"{path} is not valid JSON: {error}.", ["Export it again."]
            ) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Which of two values of one key is meant, nobody knows."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise ValueError(f"the key {twice[:40]!r} is there twice in one object")
    return found
