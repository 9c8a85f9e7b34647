"""Splats from any format the engine reads. A new format is one file, and one row in formats.py."""

from __future__ import annotations

import os

from .activation import Splats
from .formats import function, recognize


def read_splats(path: str | os.PathLike[str]) -> Splats:
    """Read a splat file of any format in formats.py, or the folder or meta.json of an unpacked .sog.

    Rows are in the file's order. Raises `EngineError`: "not_found", "no_access", "bad_file", "missing_package".
    """
    splats: Splats = function(recognize(path).read)(path)
    return splats
