"""Operators that select by a number that each splat has: its size, opacity, color and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import criteria, messages
from ..translation.say import say_report
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome


class SelectBy(bpy.types.Operator):
    """Select the splats between the minimum and the maximum."""

    bl_description = (
        "Select the splats between the minimum and the maximum. Shift: extend the selection. "
        "Ctrl: deselect them"
    )
    bl_idname = "ludvig.select_by"
    bl_label = "Select By"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    what: EnumProperty(name="Select By", items=criteria.CRITERIA)
    low: FloatProperty(name="Minimum", default=0.0, precision=4, step=1)
    high: FloatProperty(name="Maximum", default=1.0, precision=4, step=1)
    attribute: StringProperty(
        name="Attribute",
        description="The attribute with the numbers, for Score. "
        "If empty, the scores of the active segment",
    )
    color: FloatVectorProperty(
        name="Color", description="For Color: what others are compared with",
        subtype="COLOR_GAMMA", min=0, max=1, default=(0.5, 0.5, 0.5),
    )  # fmt: skip
    action: EnumProperty(name="Action", items=criteria.ACTIONS, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        if event.shift or event.ctrl:
            self.action = "ADD" if event.shift else "SUBTRACT"
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import counts, measured, splats

        thing = splats.splat_objects(context)[0]
        by = criteria.criterion(thing, self.what, self.attribute, self.color)
        found = measured.measure(thing, by)
        if found is None:
            return messages.fail(self, _unknown(self.what, by.attribute))
        criteria.select(thing, found, (self.low, self.high), self.action)
        told = say_report("{count:,} splats are selected", count=counts.selected(thing))
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        also = {"COLOR": ("color",), "SCORE": ("attribute",)}.get(self.what, ())
        for name in ("what", *also, "low", "high", "action"):
            layout.prop(self, name)


def _unknown(what: str, attribute: str) -> EngineError:
    if what == "VIEWS":
        message = "It is not known how many photos show each splat."
        return EngineError("bad_input", message, ["Press Compute in the panel Features."])
    if not attribute:
        message = "The active segment has no scores."
        return EngineError("bad_input", message, ["Choose an attribute, or find something first."])
    message = say_report(
        'The splats have no attribute "{name}" with one number for each.', name=attribute
    )
    return EngineError("bad_input", message, ["Choose another attribute."])


class CompareWithSegment(bpy.types.Operator):
    """Compare colors with the mean color of the active segment"""

    bl_idname = "ludvig.compare_with_segment"
    bl_label = "Color of the Segment"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.found(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import measured, segments
        from .segmenting import chosen

        thing, segment = chosen(context)
        mask = segments.mask(thing, segment)
        if not mask.any():
            message = say_report('"{name}" has no splats.', name=segment.name)
            error = EngineError("bad_input", message, ["Choose another segment."])
            return messages.fail(self, error)
        thing.ludvig_criteria.color = measured.mean_color(thing, mask).tolist()
        return {"FINISHED"}


CLASSES = (SelectBy, CompareWithSegment)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
