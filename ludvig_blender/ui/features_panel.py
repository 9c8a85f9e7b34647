"""The panel "Features" in the sidebar (N), tab LUDVIG: what splats are told apart by."""

from __future__ import annotations

import bpy

from .sidebar import Sidebar


class FeaturesPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_features"
    bl_label = "Features"
    bl_order = 3

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.data.pointclouds:
            return False
        from ..operators import polls

        return polls.target(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import features
        from ..engine import catalog
        from ..operators import lines, polls

        layout, thing = self.layout, polls.chosen(context)
        layout.menu("LUDVIG_MT_features", text=catalog.title(thing.ludvig_features.extractor))
        row = layout.row(align=True)
        row.operator("ludvig.compute", icon="PLAY")
        row.operator("ludvig.preview_features", text="", icon="COLOR")
        if known := features.known(thing):
            lines.draw(layout, known.summary, "CHECKMARK", context)
            for note in known.notes:
                lines.draw(layout, note, "INFO", context)


register, unregister = bpy.utils.register_classes_factory((FeaturesPanel,))
