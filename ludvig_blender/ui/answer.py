"""What the engine has answered, in the panel "Find" and in the status bar.

Blender tells no panel that the mouse is over a button, so the next reading cannot be shown before
it is selected; switching is one step of undo and takes milliseconds instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from ..data import properties
from ..operators.menus import with_entry
from ..translation.say import say

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ..data.types import Segment, SplatObject


def draw(
    layout: bpy.types.UILayout,
    thing: SplatObject,
    segment: Segment | None,
    context: bpy.types.Context,
) -> None:
    """The switch from part to whole, else the certainty; the engine's notes, and an unsure guess.

    The line is there before the first answer, so that the sections below stay where they are.
    """
    from ..data import readings
    from ..operators import lines

    if segment is not None and segment.guess >= 0:
        lines.draw(layout, say("Not sure: {note}", note=segment.note), "QUESTION", context)
        layout.operator("ludvig.guess", icon="RESTRICT_SELECT_OFF")
        return
    if segment is None or readings.steps(segment) or not _scored(thing, segment):
        row = layout.row(align=True)
        row.operator("ludvig.smaller", text="Part", icon="TRIA_LEFT")
        middle = row.row(align=True)
        middle.alignment = "CENTER"
        middle.label(text=place(segment) if segment and readings.steps(segment) else "")
        row.operator("ludvig.larger", text="Whole", icon="TRIA_RIGHT")
    else:
        draw_certainty(layout, thing, segment)
    if segment is not None and segment.note:
        lines.draw(layout, segment.note, "INFO", context)


def draw_certainty(layout: bpy.types.UILayout, thing: SplatObject, segment: Segment) -> None:
    """The slider that moves the border of a segment, if it has scores."""
    if _scored(thing, segment):
        layout.prop(segment, "threshold", slider=True)


def _scored(thing: SplatObject, segment: Segment) -> bool:
    return segment.attribute in thing.data.attributes


def place(segment: Segment) -> str:
    """Which of its readings a segment has, as "2 of 5"."""
    from ..data import readings

    found = readings.steps(segment)
    return say("{count:,} of {total:,}", count=found.index(segment.reading) + 1, total=len(found))


def hints(context: bpy.types.Context) -> list[tuple[str, IconItems]]:
    """What the status bar tells while one of the tools is active, with icons of the keys."""
    from ..data import readings, segments, splats
    from . import pie, tools

    tool = properties.active_tool(context)
    if not tool or not bpy.data.pointclouds:
        return []
    found = splats.splat_objects(context)
    if not found:
        return []
    if tool == tools.BrushTool.bl_idname:
        held = [("Select", "MOUSE_LMB"), ("Deselect", "EVENT_CTRL"), ("Radius", "EVENT_F")]
        return cast("list[tuple[str, IconItems]]", held)
    if tool not in tools.NAMES:
        return []
    told = [
        ("This", "MOUSE_LMB"),
        ("Also This", "EVENT_SHIFT"),
        ("Not This", "EVENT_CTRL"),
        ("What to Do with It", f"EVENT_{pie.KEY}"),
    ]
    segment = segments.active(found[0])
    if segment is not None and readings.steps(segment):
        how = "Part or Whole ({place}): Alt Wheel, or Page Up and Page Down"
        told.append((say(how, place=place(segment)), "BLANK1"))
    return cast("list[tuple[str, IconItems]]", told)


def _draw_hints(header: bpy.types.Header, context: bpy.types.Context) -> None:
    for text, icon in hints(context):
        header.layout.label(text=text, icon=icon)


register, unregister = with_entry((), bpy.types.STATUSBAR_HT_header, _draw_hints)
