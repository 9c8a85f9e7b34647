"""Operators for the list of segments: add, remove, select, assign, and combine as sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import Segments
    from ..data.types import Outcome, Segment, SplatObject

SETS = (
    ("UNION", "Add", "Keep the splats of either segment"),
    ("DIFFERENCE", "Subtract", "Keep the splats that are not in the other segment"),
    ("INTERSECT", "Intersect", "Keep the splats that are in both segments"),
)


def _chosen(context: bpy.types.Context) -> tuple[SplatObject, Segment]:
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

        segments.remove(*_chosen(context))
        return {"FINISHED"}


class SelectSegment(SegmentOperator, bpy.types.Operator):
    """Select the splats of the active segment. Shift: extend the selection. Ctrl: deselect them"""

    bl_idname = "ludvig.segment_select"
    bl_label = "Select Segment"

    action: EnumProperty(
        name="Action",
        items=(
            ("SET", "Set", "Select these splats and no others"),
            ("ADD", "Extend", "Select these splats too"),
            ("SUBTRACT", "Subtract", "Deselect these splats"),
            ("INTERSECT", "Intersect", "Deselect all other splats"),
        ),
        options={"SKIP_SAVE"},
    )
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

        thing, segment = _chosen(context)
        if self.segment and (segment := thing.ludvig.segments.get(self.segment)) is None:
            error = EngineError("bad_input", f'There is no segment "{self.segment}".')
            return messages.fail(self, error)
        before = splats.selection(thing.data)
        own = segments.mask(thing, segment) & ~segments.hidden(thing)
        after = {
            "SET": own,
            "ADD": before | own,
            "SUBTRACT": before & ~own,
            "INTERSECT": before & own,
        }
        splats.set_selection(thing.data, after[self.action])
        segments.changed(thing)
        return {"FINISHED"}


class AssignSelection(SegmentOperator, bpy.types.Operator):
    """Make the active segment consist of the selected splats"""

    bl_idname = "ludvig.segment_assign"
    bl_label = "Assign Selection"

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats

        thing, segment = _chosen(context)
        segments.assign(thing, segment, splats.selection(thing.data))
        return {"FINISHED"}


def _others(_operator: bpy.types.Operator, context: bpy.types.Context, typed: str) -> list[str]:
    thing, segment = _chosen(context)
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
        if len(_chosen(context)[0].ludvig.segments) < 2:
            cls.poll_message_set("There is only one segment: add another with +")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        names = _others(self, context, "")
        if self.other not in names:
            self.other = names[0]
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> Outcome:
        import numpy as np

        from ..data import attributes, segments
        from ..maths import segment_sets

        thing, segment = _chosen(context)
        other = thing.ludvig.segments.get(self.other)
        if other is None or other.number == segment.number:
            message = f'There is no other segment "{self.other}".'
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

        thing, active = _chosen(context)
        owners = segments.owners(thing)
        moved = 0
        for index, segment in enumerate(thing.ludvig.segments):
            own = segments.mask(thing, segment)
            moved += int((own & (owners != index)).sum())
            if segments.scores(thing, segment) is not None:
                segments.assign(thing, segment, own & (owners == index))
        segments.select(thing, active)
        self.report({"INFO"}, f"Removed {moved:,} splats from overlapping segments")
        return {"FINISHED"}


class AutoSegments(bpy.types.Operator):
    """Divide all splats into segments by their features, without prompts"""

    bl_idname = "ludvig.segments_auto"
    bl_label = "Find All Segments"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    detail: FloatProperty(
        name="Detail",
        description="0 finds few large segments, 1 finds many small ones",
        min=0,
        max=1,
        default=0.5,
    )
    limit: IntProperty(
        name="At Most",
        description="Number of segments to keep; the largest are kept",
        min=1,
        max=100,
        default=12,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import AutoSegments as Request
        from ..data import splats
        from ..engine import solve, subject

        thing = splats.splat_objects(context)[0]
        limit = self.limit

        def done(thing: SplatObject, answer: Segments) -> None:
            commit.run(lambda: _write_all(thing, answer.labels, min(answer.count, limit)))
            messages.clear()

        request = Request("", solve.extractor(thing), self.detail)
        task = subject.of(thing).ask(request, done=done, label="Finding all segments")
        return link.finish(self, task)


def _write_all(thing: SplatObject, labels: np.ndarray, count: int) -> None:
    from ..data import segments

    for label in range(count):
        segments.assign(thing, segments.add(thing, f"Part {label + 1}"), labels == label)


CLASSES = (
    AddSegment,
    RemoveSegment,
    SelectSegment,
    AssignSelection,
    CombineSegments,
    RemoveOverlaps,
    AutoSegments,
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
