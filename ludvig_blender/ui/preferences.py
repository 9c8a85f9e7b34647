"""Edit > Preferences > Add-ons > LUDVIG: the engine, and where its models and its cache are."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, StringProperty

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

    token: StringProperty(
        name="Access Token",
        description="A token of huggingface.co, for models that are given to registered users "
        "only. If empty, HF_TOKEN or what `hf auth login` has stored. It is kept in Blender's "
        "preferences as plain text",
        subtype="PASSWORD",
        update=_restart,
    )
    device: EnumProperty(
        name="Device",
        description="What models are run on",
        items=(
            ("auto", "Automatic", "A GPU if PyTorch finds one that works, else the processor"),
            ("cpu", "Processor", "The processor, also for uplifting and drawing"),
            ("cuda", "NVIDIA GPU", "An NVIDIA GPU"),
            ("mps", "Apple GPU", "The GPU of a Mac with Apple's chips"),
        ),
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
        layout.prop(self, "token", placeholder="For models that need a login")
        layout.prop(self, "device")


register, unregister = bpy.utils.register_classes_factory((LudvigPreferences,))
