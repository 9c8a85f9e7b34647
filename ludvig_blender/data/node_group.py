"""A segment in Geometry Nodes: the group "LUDVIG Segment" gives its splats, all others, and which they are.

As a modifier it leaves only the segment, or with Invert everything else, and follows the segment's certainty. In other
node trees its Selection drives whatever the artist likes. Before 5.3 the viewport draws what modifiers leave.
"""

from __future__ import annotations

from typing import Any

import bpy

GROUP = "LUDVIG Segment"


def follow(segment: Any, attribute: str = "") -> None:
    """Let the modifiers of a segment's object have its new certainty, and its name if it was `attribute` before."""
    thing = segment.id_data
    for modifier in thing.modifiers:
        ours = (
            modifier.type == "NODES"
            and modifier.node_group
            and modifier.node_group.name.startswith(GROUP)
        )
        if ours and get_input(modifier, "Attribute") == (attribute or segment.attribute):
            set_input(modifier, "Attribute", segment.attribute)
            set_input(modifier, "Certainty", segment.threshold)
            thing.update_tag()


def group() -> Any:
    """The node group, made if this file has none."""
    return bpy.data.node_groups.get(GROUP) or _make()


def _make() -> Any:
    tree = bpy.data.node_groups.new(GROUP, "GeometryNodeTree")
    tree.is_modifier = True
    tree.description = "The splats whose score, a named attribute, is above the certainty"
    interface = tree.interface

    def socket(name: str, kind: str, direction: str, **settings: Any) -> None:
        made = interface.new_socket(name, in_out=direction, socket_type=f"NodeSocket{kind}")
        for key, value in settings.items():
            setattr(made, key, value)

    socket("Geometry", "Geometry", "INPUT")
    socket("Attribute", "String", "INPUT", description="ludvig_ and the segment's name")
    socket(
        "Certainty",
        "Float",
        "INPUT",
        default_value=0.5,
        min_value=0.0,
        max_value=1.0,
        subtype="FACTOR",
    )
    socket("Invert", "Bool", "INPUT", description="Everything but the segment")
    socket("Geometry", "Geometry", "OUTPUT")
    socket("Rest", "Geometry", "OUTPUT", description="The other splats")
    socket("Selection", "Bool", "OUTPUT", description="Which splats belong to the segment")
    socket("Score", "Float", "OUTPUT", description="The score of each splat")

    def node(kind: str, x: int, **settings: Any) -> Any:
        made = tree.nodes.new(kind)
        made.location = x, 0
        for key, value in settings.items():
            setattr(made, key, value)
        return made

    begin, end = node("NodeGroupInput", -600), node("NodeGroupOutput", 400)
    score = node("GeometryNodeInputNamedAttribute", -400, data_type="FLOAT")
    above = node("FunctionNodeCompare", -200, data_type="FLOAT", operation="GREATER_THAN")
    flip = node("FunctionNodeBooleanMath", 0, operation="XOR")
    split = node("GeometryNodeSeparateGeometry", 200, domain="POINT")
    for source, target in (
        (begin.outputs["Attribute"], score.inputs["Name"]),
        (score.outputs["Attribute"], above.inputs[0]),
        (begin.outputs["Certainty"], above.inputs[1]),
        (above.outputs["Result"], flip.inputs[0]),
        (begin.outputs["Invert"], flip.inputs[1]),
        (begin.outputs["Geometry"], split.inputs["Geometry"]),
        (flip.outputs["Boolean"], split.inputs["Selection"]),
        (split.outputs["Selection"], end.inputs["Geometry"]),
        (split.outputs["Inverted"], end.inputs["Rest"]),
        (flip.outputs["Boolean"], end.inputs["Selection"]),
        (score.outputs["Attribute"], end.inputs["Score"]),
    ):
        tree.links.new(source, target)
    return tree


def _identifier(modifier: Any, name: str) -> str:
    inputs = (
        s
        for s in modifier.node_group.interface.items_tree
        if s.item_type == "SOCKET" and s.in_out == "INPUT"
    )
    return next((socket.identifier for socket in inputs if socket.name == name), "")


def get_input(modifier: Any, name: str) -> Any:
    """The value of a modifier's input, by the socket's name."""
    key = _identifier(modifier, name)
    if not hasattr(modifier, "properties"):
        return modifier.get(key)
    return getattr(modifier.properties.inputs, key).value if key else None


def set_input(modifier: Any, name: str, value: Any) -> None:
    """Set a modifier's input, by the socket's name."""
    key = _identifier(modifier, name)
    if hasattr(modifier, "properties"):  # from 5.2; earlier they are custom properties
        getattr(modifier.properties.inputs, key).value = value
    else:
        modifier[key] = value
