"""Splats from any format the engine reads. A new format is one file and one line in the table."""

from __future__ import annotations

import os

from .activation import Splats
from .ply import read_ply


def read_splats(path: str | os.PathLike[str]) -> Splats:
    """Read a splat file, in its own order."""
    return read_ply(path)
