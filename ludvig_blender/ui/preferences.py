"""Edit > Preferences > Add-ons > LUDVIG: the engine, and where its models and its cache are."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..engine import settings


def _restart(_preferences: LudvigPreferences, _context: bpy.types.Context) -> None:
    from ..engine import link

    link.stop()  # it restarts with the new settings when needed


class LudvigPreferences(bpy.types.AddonPreferences):
    bl_idname = settings.PACKAGE

    python: StringProperty(
        name="Existing Python",
        description="The python (3.11 or newer) of an environment with the engine's packages. "
        "If empty, the installed engine is used",
        subtype="FILE_PATH",
        update=_restart,
    )
    models: StringProperty(
        name="Models",
        description="Folder for the downloaded weights of learned features. "
        "If empty, a folder in your user folder",
        subtype="DIR_PATH",
        update=_restart,
    )
    cache: StringProperty(
        name="Cache",
        description="Folder for computed features. If empty, a folder in your user folder",
        subtype="DIR_PATH",
        update=_restart,
    )

    def draw(self, context: bpy.types.Context) -> None:
        from . import engine_panel

        layout = self.layout
        assert layout is not None
        layout.use_property_split, layout.use_property_decorate = True, False
        engine_panel.draw_engine(layout, context)
        layout.separator()
        layout.prop(self, "python", placeholder="Use the installed engine")
        layout.prop(self, "models", placeholder="Default")
        layout.prop(self, "cache", placeholder="Default")


register, unregister = bpy.utils.register_classes_factory((LudvigPreferences,))
