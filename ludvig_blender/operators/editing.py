"""What can be done with the selected splats. Delete, separate and duplicate are Blender's own, called where they work.

All of these act on the active splat object, in Object Mode and in Edit Mode alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from . import polls


def _thing(context: Any) -> Any:
    from ..data import splats

    return splats.splat_objects(context)[0]


class Action:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.selection(cls, context)


@contextmanager
def edit_mode(context: Any, thing: Any) -> Iterator[None]:
    """Blender's Edit Mode of one object, where its own operators for points work."""
    layer = context.view_layer
    if context.mode != "OBJECT":
        yield
        return
    active, chosen = (
        layer.objects.active,
        [other for other in context.selected_objects if other != thing],
    )
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

    def execute(self, context: Any) -> set[str]:
        from ..data import counts, segments

        thing = _thing(context)
        self.report({"INFO"}, f"Deleted {counts.selected(thing):,} splats")
        with edit_mode(context, thing):
            bpy.ops.pointcloud.delete()
        segments.changed(thing)
        return {"FINISHED"}


class SeparateSplats(Action, bpy.types.Operator):
    """Move the selected splats into an object of their own, or copy them there"""

    bl_idname = "ludvig.separate"
    bl_label = "Separate to Object"

    copy: BoolProperty(name="Copy", description="Leave them here as well", options={"SKIP_SAVE"})
    name: StringProperty(
        name="Name", description="Of the new object; empty: as the segment", options={"SKIP_SAVE"}
    )

    def execute(self, context: Any) -> set[str]:
        import numpy as np

        from ..data import attributes, segments, splats

        thing = _thing(context)
        segment = segments.active(thing)
        shown = segment is not None and segments.selection_shown(thing, segment)
        name = self.name or (segment.name if shown else f"{thing.name} part")
        before = set(bpy.data.objects)
        with edit_mode(context, thing):
            if self.copy:
                bpy.ops.pointcloud.duplicate()
            bpy.ops.pointcloud.separate()
        (new,) = set(bpy.data.objects) - before
        new.name = new.data.name = name
        for one in (thing, new):
            splats.set_selection(one.data, np.zeros(attributes.count(one.data), bool))
            segments.changed(one)
        for other in context.selected_objects:
            if context.mode == "OBJECT":
                other.select_set(False)
        if context.mode == "OBJECT":
            new.select_set(True)
            context.view_layer.objects.active = new
        self.report({"INFO"}, f'{len(new.data.points):,} splats are now "{new.name}"')
        return {"FINISHED"}


class HideSplats(Action, bpy.types.Operator):
    """Leave splats out of the viewport; nothing is deleted"""

    bl_idname = "ludvig.hide"
    bl_label = "Hide"

    unselected: BoolProperty(
        name="Isolate", description="Hide all others instead", options={"SKIP_SAVE"}
    )

    def execute(self, context: Any) -> set[str]:
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
    def poll(cls, context: Any) -> bool:
        if not polls.splats(cls, context):
            return False
        from ..data import splats

        if splats.HIDDEN not in _thing(context).data.attributes:
            cls.poll_message_set("Nothing is hidden")
            return False
        return True

    def execute(self, context: Any) -> set[str]:
        from ..data import segments

        thing = _thing(context)
        for segment in thing.ludvig.segments:
            if not segment.visible:
                segment.visible = True
        segments.hide(thing, None)
        return {"FINISHED"}


class SelectSplats(Action, bpy.types.Operator):
    """Select all splats, none, or those that are not selected now; hidden ones stay as they are"""

    bl_idname = "ludvig.select"
    bl_label = "Select Splats"

    action: EnumProperty(
        name="Action",
        items=(
            ("NONE", "Clear", "Select nothing"),
            ("INVERT", "Invert", "Select what is not selected"),
            ("ALL", "All", "Select everything that is shown"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.splats(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats

        thing = _thing(context)
        chosen, hidden = splats.selection(thing.data), segments.hidden(thing)
        after = {"NONE": chosen & False, "INVERT": ~chosen, "ALL": chosen | True}[self.action]
        splats.set_selection(thing.data, after & ~hidden)
        segments.changed(thing)
        return {"FINISHED"}


CLASSES = (DeleteSplats, SeparateSplats, HideSplats, ShowSplats, SelectSplats)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
