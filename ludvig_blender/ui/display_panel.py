"""The panel "Display" in the sidebar (N), tab LUDVIG: how splats are shown."""

from __future__ import annotations

import bpy

from ..data import properties
from .sidebar import Sidebar


class DisplayPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_display"
    bl_label = "Display"
    bl_order = 10
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        scene = properties.drawing(context.scene)
        layout.row().prop(scene, "show", expand=True)
        layout.prop(scene, "coarse")
        row = layout.row(heading="Selection")
        row.prop(scene, "selection", text="")
        row.prop(scene, "selection_color", text="")
        layout.prop(scene, "prompts")
        from ..data import splats

        thing = context.object
        if not splats.is_splats(thing):
            return
        own = thing.ludvig
        layout.prop(own, "mode")
        if own.mode in {"SCORE", "FEATURES"}:
            layout.prop(own, "attribute")
        if own.mode == "SCORE":
            column = layout.column(align=True)
            column.prop(own, "low")
            column.prop(own, "high")
        if own.mode != "COLOR":
            layout.prop(own, "strength")
        layout.prop(own, "sh_degree")
        layout.operator("ludvig.render_image", icon="RENDER_STILL")


register, unregister = bpy.utils.register_classes_factory((DisplayPanel,))
