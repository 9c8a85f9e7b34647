"""The operator that gives an object the node group "LUDVIG Segment" as a modifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy
from bpy.props import BoolProperty

from . import polls
from .segmenting import chosen

if TYPE_CHECKING:
    from ..data.types import Outcome


class AddModifier(bpy.types.Operator):
    """Add a Geometry Nodes modifier that keeps only the splats of the active segment"""

    bl_idname = "ludvig.segment_modifier"
    bl_label = "Add Modifier"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    invert: BoolProperty(
        name="Invert", description="Keep all splats but those of the segment", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.found(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import node_group

        thing, segment = chosen(context)
        modifier = cast("bpy.types.NodesModifier", thing.modifiers.new(segment.name, "NODES"))
        modifier.node_group = node_group.group()
        node_group.set_input(modifier, "Attribute", segment.attribute)
        node_group.set_input(modifier, "Certainty", segment.threshold)
        node_group.set_input(modifier, "Invert", self.invert)
        thing.update_tag()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((AddModifier,))
