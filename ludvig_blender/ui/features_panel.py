"""The panel "Features" in the sidebar (N), tab LUDVIG: what splats are told apart by."""

from __future__ import annotations

import bpy

from ..translation.say import say
from .sidebar import Sidebar

MENU = 0.63  # of the line, so that no name of features is cut off


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

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        from ..data import features
        from ..operators import polls

        # In a line of its own it would push the sections below down.
        if known := features.known(polls.chosen(context)):
            self.layout.label(text=known.cost, icon="CHECKMARK", translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import features
        from ..engine import catalog
        from ..operators import lines, polls

        layout, thing = self.layout, polls.chosen(context)
        known = features.known(thing)
        # Of "Best Available", which one that was.
        title = say(known.title) if known else catalog.title(thing.ludvig_features.extractor)
        row = layout.split(factor=MENU, align=True)
        row.menu("LUDVIG_MT_features", text=title)
        row = row.row(align=True)
        row.operator("ludvig.compute")
        row.operator("ludvig.preview_features", text="", icon="COLOR")
        for note in known.notes if known else ():
            lines.draw(layout, note, "INFO", context)


register, unregister = bpy.utils.register_classes_factory((FeaturesPanel,))
