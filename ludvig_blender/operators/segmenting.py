"""Operators for the list of segments: add, remove, select, assign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import criteria, messages
from ..translation.say import say_report
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome, Segment, SplatObject


def chosen(context: bpy.types.Context) -> tuple[SplatObject, Segment]:
    """The splat object and its active segment."""
    from ..data import segments, splats

    thing = splats.splat_objects(context)[0]
    segment = segments.active(thing)
    assert segment is not None  # as `poll` has checked
    return thing, segment


class SegmentOperator(polls.Mixin):
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.segment(cls, context)


class AddSegment(SegmentOperator, bpy.types.Operator):
    """Add a segment. The next prompts are for this segment"""

    bl_idname = "ludvig.segment_add"
    bl_label = "Add Segment"

    name: StringProperty(name="Name", default="Segment", options={"SKIP_SAVE"})
    from_selection: BoolProperty(
        name="From Selection",
        description="Assign the selected splats to the new segment",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats

        thing = splats.splat_objects(context)[0]
        segment = segments.add(thing, self.name)
        if self.from_selection:
            segments.assign(thing, segment, splats.selection(thing.data))
        return {"FINISHED"}


class RemoveSegment(SegmentOperator, bpy.types.Operator):
    """Remove the active segment. Its splats stay"""

    bl_idname = "ludvig.segment_remove"
    bl_label = "Remove Segment"

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments

        segments.remove(*chosen(context))
        return {"FINISHED"}


class SelectSegment(SegmentOperator, bpy.types.Operator):
    """Select the splats of the active segment. Shift: extend the selection. Ctrl: deselect them"""

    bl_idname = "ludvig.segment_select"
    bl_label = "Select Segment"

    action: EnumProperty(name="Action", items=criteria.ACTIONS, options={"SKIP_SAVE"})
    segment: StringProperty(
        name="Segment",
        description="Name of the segment. If empty, the active segment",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        if event.shift or event.ctrl:
            self.action = "ADD" if event.shift else "SUBTRACT"
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats
        from ..maths.segment_sets import combined

        thing, segment = chosen(context)
        if self.segment and (segment := thing.ludvig.segments.get(self.segment)) is None:
            what = say_report('There is no segment "{name}".', name=self.segment)
            return messages.fail(self, EngineError("bad_input", what))
        before = splats.selection(thing.data)
        own = segments.mask(thing, segment) & ~segments.hidden(thing)
        splats.set_selection(thing.data, combined(self.action, before, own))
        segments.changed(thing)
        return {"FINISHED"}


class AssignSelection(SegmentOperator, bpy.types.Operator):
    """Make the active segment consist of the selected splats"""

    bl_idname = "ludvig.segment_assign"
    bl_label = "Assign Selection"

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats

        thing, segment = chosen(context)
        segments.assign(thing, segment, splats.selection(thing.data))
        return {"FINISHED"}


CLASSES = (AddSegment, RemoveSegment, SelectSegment, AssignSelection)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
