"""What the preferences say about the engine: which Python, which folders, and what is installed there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

PACKAGE = __package__.rsplit(".", 2)[0]  # the extension's


def get() -> Any:
    """The preferences."""
    return bpy.context.preferences.addons[PACKAGE].preferences


def python() -> Path | None:
    """The existing Python that was chosen, if any."""
    chosen = get().python
    # Not resolved: a venv's Python is a link, and what it links to is another Python.
    return Path(bpy.path.abspath(chosen)) if chosen else None


def environment() -> dict[str, str]:
    """What the engine is told about folders."""
    own = get()
    chosen = {"LUDVIG_MODELS": own.models, "LUDVIG_CACHE": own.cache}
    return {
        name: str(Path(bpy.path.abspath(path)).resolve()) for name, path in chosen.items() if path
    }


def folder() -> Path:
    """Where *Install Engine* puts the engine: removed by Blender when the extension is."""
    return Path(bpy.utils.extension_path_user(PACKAGE, path="engine"))


_state: str | None = None  # of the installation, as long as nothing here changes it


def state() -> str:
    """`Installation.state`, looked at once: panels ask with every redraw."""
    global _state
    if _state is None:
        from .install import Installation

        _state = Installation(folder()).state
    return _state


def look() -> None:
    """Look at the installation again."""
    global _state
    _state = None
