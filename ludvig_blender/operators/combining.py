"""Operators that treat segments as sets: combine two, and part those that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..translation.say import say_report
from . import polls
from .segmenting import SegmentOperator, chosen

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import Outcome, Segment

SETS = (
    ("UNION", "Add", "Keep the splats of either segment"),
    ("DIFFERENCE", "Subtract", "Keep the splats that are not in the other segment"),
    ("INTERSECT", "Intersect", "Keep the splats that are in both segments"),
)


def _others(_operator: bpy.types.Operator, context: bpy.types.Context, typed: str) -> list[str]:
    thing, segment = chosen(context)
    names = [other.name for other in thing.ludvig.segments if other.number != segment.number]
    return [name for name in names if typed.lower() in name.lower()]


class CombineSegments(SegmentOperator, bpy.types.Operator):
    """Add another segment to the active one, subtract it, or intersect both"""

    bl_idname = "ludvig.segment_combine"
    bl_label = "Combine Segments"
    bl_property = "other"

    operation: EnumProperty(name="Operation", items=SETS)
    other: StringProperty(name="With", description="Name of the other segment", search=_others)
    keep: BoolProperty(
        name="Keep Other", description="If off, the other segment is removed", default=True
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.segment(cls, context):
            return False
        several = len(chosen(context)[0].ludvig.segments) > 1
        return polls.met(cls, several, "There is only one segment: add another with +")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        names = _others(self, context, "")
        if self.other not in names:
            self.other = names[0]
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> Outcome:
        import numpy as np

        from ..data import attributes, segments
        from ..maths import segment_sets

        thing, segment = chosen(context)
        other = thing.ludvig.segments.get(self.other)
        if other is None or other.number == segment.number:
            message = say_report('There is no other segment "{name}".', name=self.other)
            fixes = ["Choose another segment of the list."]
            return messages.fail(self, EngineError("bad_input", message, fixes))

        def centered(one: Segment) -> np.ndarray:
            values = segments.scores(thing, one)
            nothing = np.zeros(attributes.count(thing.data), np.float32)
            return nothing if values is None else segment_sets.centered(values, one.threshold)

        values = segment_sets.OPERATIONS[self.operation](centered(segment), centered(other))
        segments.write(thing, segment, values, 0.5)
        if not self.keep:
            segments.remove(thing, other)
        return {"FINISHED"}


class RemoveOverlaps(SegmentOperator, bpy.types.Operator):
    """Keep each splat in one segment only: the one whose certainty its score exceeds by most"""

    bl_idname = "ludvig.segment_separate_overlaps"
    bl_label = "Remove Overlaps"

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments

        thing, active = chosen(context)
        owners = segments.owners(thing)
        moved = 0
        for index, segment in enumerate(thing.ludvig.segments):
            own = segments.mask(thing, segment)
            moved += int((own & (owners != index)).sum())
            if segments.scores(thing, segment) is not None:
                segments.assign(thing, segment, own & (owners == index))
        segments.select(thing, active)
        told = say_report("Removed {count:,} splats from overlapping segments", count=moved)
        self.report({"INFO"}, told)
        return {"FINISHED"}


CLASSES = (CombineSegments, RemoveOverlaps)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
