"""Operators of the list of segments: add, remove, merge, select, assign, and segments as sets."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import commit, link
from . import polls

SETS = (
    ("UNION", "Add", "What belongs to either"),
    ("DIFFERENCE", "Subtract", "What does not belong to the other"),
    ("INTERSECT", "Intersect", "What belongs to both"),
)


def _chosen(context: Any) -> tuple[Any, Any]:
    """The splat object and its active segment."""
    from ..data import segments, splats

    thing = splats.splat_objects(context)[0]
    return thing, segments.active(thing)


class SegmentOperator:
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.segment(cls, context)


class AddSegment(SegmentOperator, bpy.types.Operator):
    """Begin another segment: the next click is about it"""

    bl_idname = "ludvig.segment_add"
    bl_label = "Add Segment"

    name: StringProperty(name="Name", default="Segment", options={"SKIP_SAVE"})
    from_selection: BoolProperty(
        name="From Selection", description="Put the selected splats into it", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.splats(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats

        thing = splats.splat_objects(context)[0]
        segment = segments.add(thing, self.name)
        if self.from_selection:
            segments.assign(thing, segment, splats.selection(thing.data))
        return {"FINISHED"}


class RemoveSegment(SegmentOperator, bpy.types.Operator):
    """Forget the active segment; its splats stay"""

    bl_idname = "ludvig.segment_remove"
    bl_label = "Remove Segment"

    def execute(self, context: Any) -> set[str]:
        from ..data import segments

        segments.remove(*_chosen(context))
        return {"FINISHED"}


class SelectSegment(SegmentOperator, bpy.types.Operator):
    """Select the splats of the active segment. Shift: in addition. Ctrl: deselect them"""

    bl_idname = "ludvig.segment_select"
    bl_label = "Select Segment"

    action: EnumProperty(
        name="Action",
        items=(
            ("SET", "Set", "Select them and no others"),
            ("ADD", "Extend", "Select them too"),
            ("SUBTRACT", "Subtract", "Deselect them"),
            ("INTERSECT", "Intersect", "Keep only them selected"),
        ),
        options={"SKIP_SAVE"},
    )
    segment: StringProperty(
        name="Segment", description="Its name; empty: the active one", options={"SKIP_SAVE"}
    )

    def invoke(self, context: Any, event: Any) -> set[str]:
        if event.shift or event.ctrl:
            self.action = "ADD" if event.shift else "SUBTRACT"
        return self.execute(context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats

        thing, segment = _chosen(context)
        if self.segment and (segment := thing.ludvig.segments.get(self.segment)) is None:
            return messages.fail(
                self, EngineError("bad_input", f'There is no segment "{self.segment}".')
            )
        before, own = (
            splats.selection(thing.data),
            segments.mask(thing, segment) & ~segments.hidden(thing),
        )
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
    """Let the active segment be what is selected now, such as after selecting in Edit Mode"""

    bl_idname = "ludvig.segment_assign"
    bl_label = "Assign Selection"

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats

        thing, segment = _chosen(context)
        segments.assign(thing, segment, splats.selection(thing.data))
        return {"FINISHED"}


def _others(_operator: Any, context: Any, typed: str) -> list[str]:
    thing, segment = _chosen(context)
    names = [other.name for other in thing.ludvig.segments if other.number != segment.number]
    return [name for name in names if typed.lower() in name.lower()]


class CombineSegments(SegmentOperator, bpy.types.Operator):
    """Add another segment to the active one, subtract it, or keep what both have"""

    bl_idname = "ludvig.segment_combine"
    bl_label = "Combine Segments"
    bl_property = "other"

    operation: EnumProperty(name="Operation", items=SETS)
    other: StringProperty(name="With", description="Name of the other segment", search=_others)
    keep: BoolProperty(
        name="Keep Other", description="Off: the other segment is removed (merged)", default=True
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not polls.segment(cls, context):
            return False
        if len(_chosen(context)[0].ludvig.segments) < 2:
            cls.poll_message_set("There is only one segment: add another with +")
            return False
        return True

    def invoke(self, context: Any, _event: Any) -> set[str]:
        names = _others(self, context, "")
        if self.other not in names:
            self.other = names[0]
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        import numpy as np

        from ..data import attributes, segments
        from ..maths import segment_sets

        thing, segment = _chosen(context)
        other = thing.ludvig.segments.get(self.other)
        if other is None or other.number == segment.number:
            message = f'There is no other segment "{self.other}".'
            return messages.fail(
                self, EngineError("bad_input", message, ["Choose one of the list."])
            )

        def centered(one: Any) -> Any:
            values = segments.scores(thing, one)
            nothing = np.zeros(attributes.count(thing.data), np.float32)
            return nothing if values is None else segment_sets.centered(values, one.threshold)

        values = segment_sets.OPERATIONS[self.operation](centered(segment), centered(other))
        segments.write(thing, segment, values, 0.5)
        if not self.keep:
            segments.remove(thing, other)
        return {"FINISHED"}


class RemoveOverlaps(SegmentOperator, bpy.types.Operator):
    """Leave every splat in one segment only: the one whose certainty its score exceeds by most"""

    bl_idname = "ludvig.segment_separate_overlaps"
    bl_label = "Remove Overlaps"

    def execute(self, context: Any) -> set[str]:
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
        self.report({"INFO"}, f"Took {moved:,} splats out of segments they were in as well")
        return {"FINISHED"}


class AutoSegments(bpy.types.Operator):
    """Divide all splats into segments, by their features alone"""

    bl_idname = "ludvig.segments_auto"
    bl_label = "Find All Segments"
    bl_options = {"REGISTER"}  # noqa: RUF012 - the step of undo comes with the answer

    detail: FloatProperty(
        name="Detail",
        description="0: few large segments, 1: many small ones",
        min=0,
        max=1,
        default=0.5,
    )
    limit: IntProperty(
        name="At Most", description="Only the largest are kept", min=1, max=100, default=12
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.wire.methods import AutoSegments as Request
        from ..data import splats
        from ..engine import solve, subject

        thing = splats.splat_objects(context)[0]
        limit = self.limit

        def done(thing: Any, answer: Any) -> None:
            commit.run(lambda: _write_all(thing, answer.labels, min(answer.count, limit)))
            messages.clear()

        request = Request("", solve.extractor(thing), self.detail)
        task = subject.of(thing).ask(request, done=done, label="Finding all segments")
        return link.finish(self, task)


def _write_all(thing: Any, labels: Any, count: int) -> None:
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


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
