"""Splats from any format that the engine reads.

A new format takes one file, and one row in formats.py.
"""

from __future__ import annotations

import os

from .activation import Splats
from .formats import function, recognize


def read_splats(path: str | os.PathLike[str]) -> Splats:
    """Read a splat file of any format in formats.py, in the file's order.

    `path` may also be the folder or the meta.json of an unpacked .sog. Raises `EngineError`:
    "not_found", "no_access", "bad_file" or "missing_package".
    """
    splats: Splats = function(recognize(path).read)(path)
    return splats
