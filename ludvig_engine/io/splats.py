"""Splats from any format that the engine reads.

A new format takes one file, and one row in formats.py.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import EngineError
from .activation import Splats
from .formats import function, recognize


def read_splats(path: str | os.PathLike[str]) -> Splats:
    """Read a splat file of any format in formats.py, in the file's order.

    The file may be gzipped, or the only splat file in a zip.
    `path` may also be the folder or the meta.json of an unpacked .sog. Raises `EngineError`:
    "not_found", "no_access", "bad_file", "no_memory" or "missing_package".
    """
    # Damaged files hold numbers of any size. What becomes infinite is found by `checked`.
    try:
        with np.errstate(all="ignore"):
            splats: Splats = function(recognize(path).read)(path)
    except MemoryError as error:
        raise EngineError(
            "no_memory",
            f"The splats of {Path(path).name} need more memory than is free.",
            ["Close other programs, or reduce the splats, with SuperSplat for example."],
        ) from error
    return splats
