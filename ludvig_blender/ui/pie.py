"""The pie menu with what can be done with the selected splats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import EventTypeItems

# Free in Object Mode, in Blender's keymap and in the one that it calls Industry Compatible. In Edit
# Mode it means what Blender means by it.
KEY: EventTypeItems = "L"


class Pie(bpy.types.Menu):
    """What can be done with the selected splats"""

    bl_idname = "LUDVIG_MT_pie"
    bl_label = "Splats"

    @classmethod
    def poll(cls, context: bpy.types.Context | None) -> bool:
        if context is None or not bpy.data.pointclouds:
            return False
        from ..data import splats

        return bool(splats.splat_objects(context))

    def draw(self, _context: bpy.types.Context | None) -> None:
        # Blender's order of the places: west, east, south, north, and between them.
        pie = self.layout.menu_pie()
        pie.operator("ludvig.smaller", text="Part", icon="TRIA_LEFT")
        pie.operator("ludvig.larger", text="Whole", icon="TRIA_RIGHT")
        pie.operator("ludvig.delete", icon="TRASH")
        pie.operator("ludvig.separate", text="Separate", icon="MOD_EXPLODE").copy = False
        pie.operator("ludvig.hide", text="Hide", icon="HIDE_ON").unselected = False
        pie.operator("ludvig.hide", text="Isolate").unselected = True
        pie.operator("ludvig.clean_removal", text="Clean Removal...")
        pie.operator("ludvig.recolor", text="Recolor...", icon="COLOR")


register, unregister = bpy.utils.register_classes_factory((Pie,))
