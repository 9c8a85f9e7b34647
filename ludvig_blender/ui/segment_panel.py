"""The panels "Segments" and "Selection" in the sidebar (N), tab LUDVIG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..translation.say import CONTEXT, say
from .sidebar import Section

if TYPE_CHECKING:
    from ..data.types import Segment


class SegmentList(bpy.types.UIList):
    bl_idname = "LUDVIG_UL_segments"

    def draw_item(
        self,
        _context: bpy.types.Context | None,
        layout: bpy.types.UILayout,
        _data: object,
        segment: Segment | None,
        _icon: int | None,
        _active: object,
        _property: str | None,
        _index: int | None = 0,
        _flags: int | None = 0,
    ) -> None:
        from ..data import counts

        assert segment is not None
        row = layout.row(align=True)
        swatch = row.row()
        swatch.ui_units_x = 0.9
        swatch.prop(segment, "color", text="")
        row.prop(segment, "name", text="", emboss=False)
        count = row.row()
        count.alignment = "RIGHT"
        count.label(text=f"{counts.members(segment.id_data, segment):,}")
        row.prop(
            segment,
            "visible",
            text="",
            icon="HIDE_OFF" if segment.visible else "HIDE_ON",
            emboss=False,
        )


ROWS = 3  # of the list of segments, as many as there are buttons beside it

COMBINE = {
    "UNION": "Add Other...",
    "DIFFERENCE": "Subtract Other...",
    "INTERSECT": "Intersect with Other...",
}


class SegmentMenu(bpy.types.Menu):
    bl_idname = "LUDVIG_MT_segments"
    bl_label = "Segments"

    def draw(self, _context: bpy.types.Context | None) -> None:
        layout = self.layout
        for operation, label in COMBINE.items():
            shown = layout.operator("ludvig.segment_combine", text=label)
            shown.operation, shown.keep = operation, True
        shown = layout.operator("ludvig.segment_combine", text="Merge with Other...")
        shown.operation, shown.keep = "UNION", False
        layout.operator("ludvig.segment_separate_overlaps")
        layout.separator()
        layout.operator("ludvig.segment_add", text="New from Selection").from_selection = True
        layout.operator("ludvig.segments_auto")
        layout.operator("ludvig.select_like")
        layout.operator("ludvig.select_floaters")
        layout.separator()
        layout.operator("ludvig.segment_modifier", icon="GEOMETRY_NODES")


class SegmentsPanel(Section, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_segments"
    bl_label = "Segments"
    bl_order = 5

    def draw(self, context: bpy.types.Context) -> None:
        layout, thing = self.layout, self.thing(context)
        row = layout.row()
        row.template_list(
            "LUDVIG_UL_segments",
            "",
            thing.ludvig,
            "segments",
            thing.ludvig,
            "active_segment",
            # Always as many, so that the sections below stay where they are; the handle changes it.
            rows=ROWS,
            maxrows=ROWS,
        )
        side = row.column(align=True)
        side.operator("ludvig.segment_add", text="", icon="ADD").from_selection = False
        side.operator("ludvig.segment_remove", text="", icon="REMOVE")
        side.menu(SegmentMenu.bl_idname, text="", icon="DOWNARROW_HLT")
        row = layout.row(align=True)
        row.operator("ludvig.segment_select", text="Select")
        row.operator("ludvig.segment_assign", text="Assign")
        row.operator("ludvig.segments_auto", text="Find All")
        if thing.ludvig.hierarchy:
            column = layout.column(align=True)
            column.prop(thing.ludvig, "granularity", slider=True)
            column.prop(thing.ludvig, "most")


class SelectionPanel(Section, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_selection"
    bl_label = "Selection"
    bl_order = 6

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        from ..data import counts

        thing = self.thing(context)
        total = len(thing.data.points)
        text = say("{count:,} of {total:,}", count=counts.selected(thing), total=total)
        self.layout.label(text=text)

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import counts

        layout, thing = self.layout, self.thing(context)
        column = layout.column(align=True)
        row = column.row(align=True)
        row.operator("ludvig.grow")
        row.operator("ludvig.shrink")
        # Blender's own German word for it would be cut off.
        row.operator("ludvig.select", text="Invert", text_ctxt=CONTEXT).action = "INVERT"
        row.operator("ludvig.select", text="None").action = "NONE"
        row = column.row(align=True)
        # Without icons, beside which the German words would not fit.
        row.operator("ludvig.hide", text="Hide").unselected = False
        row.operator("ludvig.hide", text="Isolate").unselected = True
        row.operator("ludvig.show", text="Show All")
        row = column.row(align=True)
        row.operator("ludvig.recolor", text="Recolor...", icon="COLOR")
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("ludvig.export_splats", text="Export...", icon="EXPORT").only_selected = True
        row = column.row(align=True)
        row.operator("ludvig.separate", text="Separate", icon="MOD_EXPLODE").copy = False
        row.operator("ludvig.separate", text="Duplicate", icon="DUPLICATE").copy = True
        row = column.row(align=True)
        row.operator("ludvig.delete", icon="TRASH")
        row.operator("ludvig.clean_removal", text="Clean Removal...")
        # Below the buttons, which stay where they are when something is hidden.
        if hidden := counts.hidden(thing):
            layout.label(text=say("{count:,} hidden", count=hidden), icon="HIDE_ON")


CLASSES = (SegmentList, SegmentMenu, SegmentsPanel, SelectionPanel)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
