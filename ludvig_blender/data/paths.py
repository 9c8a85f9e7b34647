"""Paths as a .blend stores them: relative, so that it can be moved with the files it names."""

from __future__ import annotations

from pathlib import Path

import bpy


def absolute(path: str) -> str:
    return str(Path(bpy.path.abspath(path)).resolve()) if path else ""


def relative(path: str) -> str:
    """The path relative to the .blend; unchanged if that was never saved or is on another drive."""
    if not path or not bpy.data.filepath or Path(path).drive != Path(bpy.data.filepath).drive:
        return path
    return bpy.path.relpath(path)
