"""The panels "Find", "Segments" and "Selection" in the sidebar (N), tab LUDVIG."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from ..data import properties
from ..translation.say import say
from . import answer, segmenter_row
from .sidebar import Sidebar

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ..data.types import Prompt, Segment, SplatObject


class Section(Sidebar):
    """A panel that is there only if there is a splat object to work on."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not bpy.data.pointclouds:
            return False
        from ..data import splats

        return bool(splats.splat_objects(context))


def _thing(context: bpy.types.Context) -> SplatObject:
    from ..data import splats

    return splats.splat_objects(context)[0]


class FindPanel(Section, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_find"
    bl_label = "Find"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import prompts, segments
        from ..maths import kinds
        from ..operators import lines

        layout, settings = self.layout, properties.tools(context)
        thing = _thing(context)
        if context.mode != "OBJECT":
            lines.draw(layout, "Leave Edit Mode (Tab) to find things", "INFO", context)
        current = properties.active_tool(context)
        row = layout.row(align=True)
        row.enabled = context.mode == "OBJECT"
        labels = {f"ludvig.{kind.wire}_tool": kind.label for kind in kinds.drawn()}
        for name, label in (labels | {"ludvig.brush_tool": "Brush"}).items():
            row.operator("wm.tool_set_by_id", text=label, depress=name == current).name = name
        row = layout.row(align=True)
        row.prop(
            settings, "text", text="", icon="VIEWZOOM", placeholder="Words, such as: the flower pot"
        )
        row.operator("ludvig.text", text="", icon="PLAY").mode = "SET"
        layout.row().prop(settings, "depth", expand=True)
        segmenter_row.draw(layout, thing, context)
        segment = segments.active(thing)
        if segment is None:
            return
        if segment.prompts:
            column = layout.column(align=True)
            for index, prompt in enumerate(segment.prompts):
                row = column.row(align=True)
                row.label(
                    text=prompts.title(prompt),
                    icon=cast("IconItems", kinds.KINDS[prompt.kind].icon),
                )
                _toggle(row, index, prompt, "positive", "ADD" if prompt.positive else "REMOVE")
                if kinds.KINDS[prompt.kind].placed:
                    _toggle(row, index, prompt, "through", "XRAY")
                row.operator("ludvig.prompt_remove", text="", icon="X").index = index
            row = layout.row(align=True)
            row.operator("ludvig.solve", icon="FILE_REFRESH")
            row.operator("ludvig.prompt_remove", text="Remove All", icon="TRASH").index = -1
            layout.operator("ludvig.play_diffusion", icon="PLAY")
        answer.draw(layout, thing, segment, context)


def _toggle(
    layout: bpy.types.UILayout, index: int, prompt: Prompt, what: str, icon: IconItems
) -> None:
    button = layout.operator(
        "ludvig.prompt_change", text="", icon=icon, depress=getattr(prompt, what)
    )
    button.index, button.what = index, what.upper()


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
        layout, thing = self.layout, _thing(context)
        row = layout.row()
        row.template_list(
            "LUDVIG_UL_segments",
            "",
            thing.ludvig,
            "segments",
            thing.ludvig,
            "active_segment",
            rows=3,
        )
        side = row.column(align=True)
        side.operator("ludvig.segment_add", text="", icon="ADD").from_selection = False
        side.operator("ludvig.segment_remove", text="", icon="REMOVE")
        side.menu(SegmentMenu.bl_idname, text="", icon="DOWNARROW_HLT")
        row = layout.row(align=True)
        row.operator("ludvig.segment_select", text="Select")
        row.operator("ludvig.segment_assign", text="Assign")
        if not thing.ludvig.hierarchy:
            layout.operator("ludvig.segments_auto", icon="OUTLINER_OB_GROUP_INSTANCE")
            return
        column = layout.column(align=True)
        column.prop(thing.ludvig, "granularity", slider=True)
        column.prop(thing.ludvig, "most")
        layout.operator("ludvig.select_like", icon="VIEWZOOM")


class SelectionPanel(Section, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_selection"
    bl_label = "Selection"
    bl_order = 6

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        from ..data import counts

        thing = _thing(context)
        total = len(thing.data.points)
        text = say("{count:,} of {total:,}", count=counts.selected(thing), total=total)
        self.layout.label(text=text)

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import counts

        layout, thing = self.layout, _thing(context)
        if hidden := counts.hidden(thing):
            layout.label(text=say("{count:,} hidden", count=hidden), icon="HIDE_ON")
        row = layout.row(align=True)
        row.operator("ludvig.grow")
        row.operator("ludvig.shrink")
        row.operator("ludvig.select", text="Invert").action = "INVERT"
        row.operator("ludvig.select", text="None").action = "NONE"
        column = layout.column(align=True)
        row = column.row(align=True)
        row.operator("ludvig.hide", text="Hide", icon="HIDE_ON").unselected = False
        row.operator("ludvig.hide", text="Isolate").unselected = True
        row.operator("ludvig.show", text="Show All", icon="HIDE_OFF")
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


CLASSES = (FindPanel, SegmentList, SegmentMenu, SegmentsPanel, SelectionPanel)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
