"""Edit > Preferences > Add-ons > LUDVIG: where the engine, its models and its cache are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

PACKAGE = __package__.rpartition(".")[0]  # the extension's


def _restart(_preferences: Any, _context: Any) -> None:
    from ..engine import link

    link.stop()  # what is needed next starts it with the new settings


class LudvigPreferences(bpy.types.AddonPreferences):
    bl_idname = PACKAGE

    python: StringProperty(
        name="Existing Python",
        description="A Python 3.11 or newer that has the engine's packages, instead of installing them",
        subtype="FILE_PATH",
        update=_restart,
    )
    models: StringProperty(
        name="Models",
        description="Where the weights of learned features are, and downloaded to; if empty, your user folder",
        subtype="DIR_PATH",
        update=_restart,
    )
    cache: StringProperty(
        name="Cache",
        description="Where computed features are kept; if empty, your user folder",
        subtype="DIR_PATH",
        update=_restart,
    )

    def draw(self, context: Any) -> None:
        from . import engine_panel

        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        engine_panel.draw_engine(layout, context)
        layout.separator()
        layout.prop(self, "python", placeholder="Use the installed engine")
        layout.prop(self, "models", placeholder="Default")
        layout.prop(self, "cache", placeholder="Default")


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
        from ..engine.install import Installation

        _state = Installation(folder()).state
    return _state


def look() -> None:
    """Look at the installation again."""
    global _state
    _state = None


def register() -> None:
    bpy.utils.register_class(LudvigPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(LudvigPreferences)
