"""Paths as a .blend keeps them: relative to it, so that it can be moved together with what it names."""

from __future__ import annotations

from pathlib import Path

import bpy


def absolute(path: str) -> str:
    return str(Path(bpy.path.abspath(path)).resolve()) if path else ""


def relative(path: str) -> str:
    """Relative to the .blend, so that both can be moved; as it is before saving and from another drive."""
    if not path or not bpy.data.filepath or Path(path).drive != Path(bpy.data.filepath).drive:
        return path
    return bpy.path.relpath(path)
