"""Edit > Preferences > Add-ons > LUDVIG: where the engine, its models and its cache are."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import StringProperty

from ..engine import settings


def _restart(_preferences: Any, _context: Any) -> None:
    from ..engine import link

    link.stop()  # what is needed next starts it with the new settings


class LudvigPreferences(bpy.types.AddonPreferences):
    bl_idname = settings.PACKAGE

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


def register() -> None:
    bpy.utils.register_class(LudvigPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(LudvigPreferences)
