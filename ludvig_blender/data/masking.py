"""Keeps hidden splats out of what Blender 5.3 draws and renders: a modifier that fades them.

It is there only while splats are hidden, and sets their opacity to 0. Deleting them would copy all
harmonics of the others at each change.
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
    """Add or remove the modifier of an object."""
    known = thing.modifiers.get(GROUP)
    if HIDDEN not in thing.data.attributes or not native.exists():
        if known is not None:
            thing.modifiers.remove(known)
        return
    if known is None:
        made = cast("bpy.types.NodesModifier", thing.modifiers.new(GROUP, "NODES"))
        # The first, because the next ones may output anything.
        thing.modifiers.move(len(thing.modifiers) - 1, 0)
        made.node_group = _group()
        known = made
    known.show_viewport = True


def pause() -> None:
    """Before a file is saved: Blender 4.5 would crash if it showed the modifier, which it cannot.

    Renders without LUDVIG need it all the same. `resume` is called after the file was saved.
    """
    _switch(show=False)


def resume() -> None:
    """Undo `pause`."""
    _switch(show=True)


def _switch(*, show: bool) -> None:
    for thing in bpy.data.objects:
        known = thing.modifiers.get(GROUP)
        if known is not None and thing.is_editable:
            known.show_viewport = show


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
    fade = tree.nodes.new("GeometryNodeStoreNamedAttribute")
    fade.data_type = "FLOAT4"  # type: ignore[attr-defined]
    fade.inputs["Name"].default_value = native.BASE  # type: ignore[attr-defined]
    for x, node in enumerate((begin, hidden, fade, end)):
        node.location = 200 * x, 0
    # The value to store is not linked: four zeros.
    tree.links.new(begin.outputs["Geometry"], fade.inputs["Geometry"])
    tree.links.new(hidden.outputs["Attribute"], fade.inputs["Selection"])
    tree.links.new(fade.outputs["Geometry"], end.inputs["Geometry"])
    return tree
