"""Putting the node group "LUDVIG Segment" on an object, as a modifier."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty

from . import polls


class AddModifier(bpy.types.Operator):
    """Add a Geometry Nodes modifier that leaves only the splats of the active segment"""

    bl_idname = "ludvig.segment_modifier"
    bl_label = "Add Modifier"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    invert: BoolProperty(
        name="Invert", description="Leave everything but the segment", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.found(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import node_group, segments, splats

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        modifier = thing.modifiers.new(segment.name, "NODES")
        modifier.node_group = node_group.group()
        for name, value in (
            ("Attribute", segment.attribute), ("Certainty", segment.threshold), ("Invert", self.invert)
        ):  # fmt: skip
            node_group.set_input(modifier, name, value)
        thing.update_tag()
        return {"FINISHED"}


def register() -> None:
    bpy.utils.register_class(AddModifier)


def unregister() -> None:
    bpy.utils.unregister_class(AddModifier)
