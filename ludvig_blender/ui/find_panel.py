"""The panel "Find" in the sidebar (N), tab LUDVIG: tools, words, the answer and the prompts.

Whether a prompt means the surface alone is in the header of the viewport, beside the tool that it
belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from ..data import properties
from ..translation.say import say
from . import answer, segmenter_row
from .sidebar import Section

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ..data.types import Prompt, Segment, SplatObject


class FindPanel(Section, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_find"
    bl_label = "Find"
    bl_order = 4

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import segments
        from ..maths import kinds
        from ..operators import lines

        layout, settings = self.layout, properties.tools(context)
        thing = self.thing(context)
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
        segmenter_row.draw(layout, thing, context)
        segment = segments.active(thing)
        answer.draw(layout, thing, segment, context)
        _draw_prompts(layout, thing, segment)


def _draw_prompts(layout: bpy.types.UILayout, thing: SplatObject, segment: Segment | None) -> None:
    """The prompts of a segment, folded away: the list would push the sections below down."""
    from ..data import prompts, readings
    from ..maths import kinds

    # Its name is what Blender remembers whether it is open by.
    header, body = layout.panel("LUDVIG_prompts", default_closed=True)
    given = segment.prompts if segment is not None else ()
    header.label(text=say("Prompts: {count:,}", count=len(given)))
    row = header.row(align=True)
    row.enabled = bool(given)
    row.operator("ludvig.solve", text="", icon="FILE_REFRESH")
    row.operator("ludvig.prompt_remove", text="", icon="TRASH").index = -1
    if body is None:
        return
    column = body.column(align=True)
    for index, prompt in enumerate(given):
        row = column.row(align=True)
        row.label(text=prompts.title(prompt), icon=cast("IconItems", kinds.KINDS[prompt.kind].icon))
        _toggle(row, index, prompt, "positive", "ADD" if prompt.positive else "REMOVE")
        if kinds.KINDS[prompt.kind].placed:
            _toggle(row, index, prompt, "through", "XRAY")
        row.operator("ludvig.prompt_remove", text="", icon="X").index = index
    if segment is not None and readings.steps(segment):
        answer.draw_certainty(body, thing, segment)
    body.operator("ludvig.play_diffusion", icon="PLAY")


def _toggle(
    layout: bpy.types.UILayout, index: int, prompt: Prompt, what: str, icon: IconItems
) -> None:
    button = layout.operator(
        "ludvig.prompt_change", text="", icon=icon, depress=getattr(prompt, what)
    )
    button.index, button.what = index, what.upper()


register, unregister = bpy.utils.register_classes_factory((FindPanel,))
