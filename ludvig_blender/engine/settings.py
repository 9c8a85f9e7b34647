"""The preferences about the engine: its Python, its folders and the state of its installation."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

import bpy

PACKAGE = __package__.rsplit(".", 2)[0]  # the extension's


class Preferences(Protocol):
    """The extension's preferences, which the user interface registers."""

    python: str
    models: str
    cache: str
    token: str  # of huggingface.co
    device: str  # "auto", or what the engine calls it


def get() -> Preferences:
    """The preferences."""
    assert bpy.context.preferences is not None
    return cast("Preferences", bpy.context.preferences.addons[PACKAGE].preferences)


def python() -> Path | None:
    """The existing Python that the user chose; None if there is none."""
    chosen = get().python
    # Not resolved, because a venv's Python is a link to a Python outside the venv.
    return Path(bpy.path.abspath(chosen)) if chosen else None


def environment() -> dict[str, str]:
    """The environment variables that tell the engine about folders, access and the device."""
    from .install import compiled  # local as in `state`

    own = get()
    folders = {"LUDVIG_MODELS": own.models, "LUDVIG_CACHE": own.cache}
    found = {
        name: str(Path(bpy.path.abspath(path)).resolve()) for name, path in folders.items() if path
    }
    # What is not chosen here stays as Blender was started with it.
    said = {"HF_TOKEN": own.token.strip(), "LUDVIG_DEVICE": own.device.removeprefix("auto")}
    found |= compiled(folder())
    return found | {name: value for name, value in said.items() if value}


def folder() -> Path:
    """The folder of *Install Engine*. Blender removes it together with the extension."""
    return Path(bpy.utils.extension_path_user(PACKAGE, path="engine"))


_state: str | None = None  # of the installation; None: look again


def state() -> str:
    """`Installation.state`, kept until `look`, because panels ask at every redraw."""
    global _state
    if _state is None:
        from .install import Installation

        _state = Installation(folder()).state
    return _state


def look() -> None:
    """Read the state of the installation again at the next question."""
    global _state
    _state = None
