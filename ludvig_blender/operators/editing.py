"""Operators for the selected splats of the active splat object, in Object Mode and in Edit Mode.

Deleting, separating and duplicating call Blender's own operators for points, which need Edit Mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..translation.say import say, say_report
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome, SplatObject


def _thing(context: bpy.types.Context) -> SplatObject:
    from ..data import splats

    return splats.splat_objects(context)[0]


class Action(polls.Mixin):
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.selection(cls, context)


@contextmanager
def edit_mode(context: bpy.types.Context, thing: SplatObject) -> Iterator[None]:
    """Enter Edit Mode with this object alone, because Blender's operators for points need it."""
    layer = context.view_layer
    if context.mode != "OBJECT":
        yield
        return
    active = layer.objects.active
    chosen = [other for other in context.selected_objects if other != thing]
    for other in chosen:
        other.select_set(False)
    thing.select_set(True)
    layer.objects.active = thing
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        for other in chosen:
            other.select_set(True)
        layer.objects.active = active


class DeleteSplats(Action, bpy.types.Operator):
    """Delete the selected splats"""

    bl_idname = "ludvig.delete"
    bl_label = "Delete"

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import counts, segments

        thing = _thing(context)
        told = say_report("Deleted {count:,} splats", count=counts.selected(thing))
        self.report({"INFO"}, told)
        with edit_mode(context, thing):
            bpy.ops.pointcloud.delete()
        segments.changed(thing)
        return {"FINISHED"}


class SeparateSplats(Action, bpy.types.Operator):
    """Move the selected splats into a new object, or copy them there."""

    bl_description = (
        "Move the selected splats into a new object, or copy them there. Its origin is in their "
        "middle. Of the segments it has the one that it is made of"
    )
    bl_idname = "ludvig.separate"
    bl_label = "Separate to Object"

    copy: BoolProperty(
        name="Copy", description="Keep the splats in this object too", options={"SKIP_SAVE"}
    )
    name: StringProperty(
        name="Name",
        description="Name of the new object. If empty, it gets the name of the segment",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> Outcome:
        import numpy as np

        from ..data import attributes, segments, separated, splats

        thing = _thing(context)
        segment = segments.active(thing)
        if segment is not None and not segments.selection_shown(thing, segment):
            segment = None
        part = say("{name} part", name=thing.name)
        name = self.name or (segment.name if segment else part)
        number = segment.number if segment else None
        before = set(bpy.data.objects)
        with edit_mode(context, thing):
            if self.copy:
                bpy.ops.pointcloud.duplicate()
            bpy.ops.pointcloud.separate()
        (made,) = set(bpy.data.objects) - before
        new = cast("SplatObject", made)
        new.name = new.data.name = name
        separated.settle(new, number)
        for one in (thing, new):
            splats.set_selection(one.data, np.zeros(attributes.count(one.data), bool))
            segments.changed(one)
        for other in context.selected_objects:
            if context.mode == "OBJECT":
                other.select_set(False)
        if context.mode == "OBJECT":
            new.select_set(True)
            context.view_layer.objects.active = new
        told = '{count:,} splats are now "{name}"'
        self.report({"INFO"}, say_report(told, count=len(new.data.points), name=new.name))
        return {"FINISHED"}


class HideSplats(Action, bpy.types.Operator):
    """Hide the selected splats in the viewport. Nothing is deleted"""

    bl_idname = "ludvig.hide"
    bl_label = "Hide"

    unselected: BoolProperty(
        name="Isolate", description="Hide all splats but the selected ones", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats

        thing = _thing(context)
        chosen = splats.selection(thing.data)
        segments.hide(thing, ~chosen if self.unselected else segments.hidden(thing) | chosen)
        return {"FINISHED"}


class ShowSplats(Action, bpy.types.Operator):
    """Show all splats again"""

    bl_idname = "ludvig.show"
    bl_label = "Show All"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.splats(cls, context):
            return False
        from ..data import splats

        hidden = splats.HIDDEN in _thing(context).data.attributes
        return polls.met(cls, hidden, "Nothing is hidden")

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments

        thing = _thing(context)
        for segment in thing.ludvig.segments:
            if not segment.visible:
                segment.visible = True
        segments.hide(thing, None)
        return {"FINISHED"}


class SelectSplats(Action, bpy.types.Operator):
    """Select all visible splats, none, or the unselected ones. Hidden splats are deselected"""

    bl_idname = "ludvig.select"
    bl_label = "Select Splats"

    action: EnumProperty(
        name="Action",
        items=(
            ("NONE", "None", "Deselect all splats"),
            ("INVERT", "Invert", "Select the splats that are not selected, and no others"),
            ("ALL", "All", "Select all visible splats"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats

        thing = _thing(context)
        chosen, hidden = splats.selection(thing.data), segments.hidden(thing)
        after = {"NONE": chosen & False, "INVERT": ~chosen, "ALL": chosen | True}[self.action]
        splats.set_selection(thing.data, after & ~hidden)
        segments.changed(thing)
        return {"FINISHED"}


CLASSES = (DeleteSplats, SeparateSplats, HideSplats, ShowSplats, SelectSplats)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
