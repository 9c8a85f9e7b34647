"""Keeps hidden splats out of what Blender 5.3 draws and renders: a modifier that deletes them.

It is there only while splats are hidden. In the viewport it does nothing unless Blender draws the
object, since ours hides splats without moving any in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from . import native

if TYPE_CHECKING:
    from .types import SplatObject

HIDDEN = ".ludvig_hidden"  # the attribute of the splats that are hidden
GROUP = "LUDVIG Hidden"  # the node group, and the modifier


def follow(thing: SplatObject) -> None:
    """Add, set or remove the modifier of an object."""
    known = cast("bpy.types.NodesModifier | None", thing.modifiers.get(GROUP))
    if HIDDEN not in thing.data.attributes or not native.exists():
        if known is not None:
            thing.modifiers.remove(known)
        return
    if known is None:
        known = cast("bpy.types.NodesModifier", thing.modifiers.new(GROUP, "NODES"))
        # The first, because the next ones may output anything.
        thing.modifiers.move(len(thing.modifiers) - 1, 0)
        known.node_group = _group()
    known.show_viewport = thing.display_type != "BOUNDS"
    known.show_render = True


def _group() -> bpy.types.GeometryNodeTree:
    known = cast("bpy.types.GeometryNodeTree | None", bpy.data.node_groups.get(GROUP))
    return known or _make()


def _make() -> bpy.types.GeometryNodeTree:
    tree = cast("bpy.types.GeometryNodeTree", bpy.data.node_groups.new(GROUP, "GeometryNodeTree"))
    tree.is_modifier = True
    tree.description = "The splats that LUDVIG does not hide"
    assert tree.interface is not None
    for direction in ("INPUT", "OUTPUT"):
        # The stubs do not know the types of sockets.
        tree.interface.new_socket(
            "Geometry",
            in_out=direction,
            socket_type="NodeSocketGeometry",  # type: ignore[arg-type]
        )
    begin, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    hidden = tree.nodes.new("GeometryNodeInputNamedAttribute")
    hidden.data_type = "BOOLEAN"  # type: ignore[attr-defined]
    hidden.inputs["Name"].default_value = HIDDEN  # type: ignore[attr-defined]
    delete = tree.nodes.new("GeometryNodeDeleteGeometry")
    for x, node in enumerate((begin, hidden, delete, end)):
        node.location = 200 * x, 0
    tree.links.new(begin.outputs["Geometry"], delete.inputs["Geometry"])
    tree.links.new(hidden.outputs["Attribute"], delete.inputs["Selection"])
    tree.links.new(delete.outputs["Geometry"], end.inputs["Geometry"])
    return tree
