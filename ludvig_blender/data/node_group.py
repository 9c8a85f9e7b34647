"""The node group "LUDVIG Segment", which outputs a segment's splats, the rest and a selection.

As a modifier the group keeps only the segment (or with Invert everything else) and follows the
segment's certainty. In other node trees its Selection can drive any node. The viewport draws what
the modifiers output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

if TYPE_CHECKING:
    from typing import Literal, Protocol

    from .types import Segment

    Direction = Literal["INPUT", "OUTPUT"]
    Value = str | float

    class Input(Protocol):
        value: Value


GROUP = "LUDVIG Segment"


def follow(segment: Segment, attribute: str = "") -> None:
    """Pass a segment's certainty and attribute on to the modifiers that use it.

    `attribute` is the attribute's name before, if it has changed.
    """
    thing = segment.id_data
    for modifier in thing.modifiers:
        if not isinstance(modifier, bpy.types.NodesModifier):
            continue
        ours = modifier.node_group and modifier.node_group.name.startswith(GROUP)
        if ours and get_input(modifier, "Attribute") == (attribute or segment.attribute):
            set_input(modifier, "Attribute", segment.attribute)
            set_input(modifier, "Certainty", segment.threshold)
            thing.update_tag()


def group() -> bpy.types.GeometryNodeTree:
    """The node group, made if this file has none."""
    known = cast("bpy.types.GeometryNodeTree | None", bpy.data.node_groups.get(GROUP))
    return known or _make()


def _make() -> bpy.types.GeometryNodeTree:
    tree = cast("bpy.types.GeometryNodeTree", bpy.data.node_groups.new(GROUP, "GeometryNodeTree"))
    tree.is_modifier = True
    tree.description = "The splats whose score, a named attribute, is above the certainty"
    _add_sockets(tree)
    _add_nodes(tree)
    return tree


def _add_sockets(tree: bpy.types.GeometryNodeTree) -> None:
    interface = tree.interface
    assert interface is not None

    def socket(name: str, kind: str, direction: Direction, **settings: Value) -> None:
        # The stubs do not know the types of sockets.
        type_ = cast("Literal['DEFAULT']", f"NodeSocket{kind}")
        made = interface.new_socket(name, in_out=direction, socket_type=type_)
        for key, value in settings.items():
            setattr(made, key, value)

    socket("Geometry", "Geometry", "INPUT")
    socket("Attribute", "String", "INPUT", description="ludvig_ and the segment's name")
    certainty: dict[str, Value] = {"default_value": 0.5, "min_value": 0.0, "max_value": 1.0}
    socket("Certainty", "Float", "INPUT", subtype="FACTOR", **certainty)
    socket("Invert", "Bool", "INPUT", description="Everything but the segment")
    socket("Geometry", "Geometry", "OUTPUT")
    socket("Rest", "Geometry", "OUTPUT", description="The other splats")
    socket("Selection", "Bool", "OUTPUT", description="Which splats belong to the segment")
    socket("Score", "Float", "OUTPUT", description="The score of each splat")


def _add_nodes(tree: bpy.types.GeometryNodeTree) -> None:
    def node(kind: str, x: int, **settings: Value) -> bpy.types.Node:
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


def _identifier(modifier: bpy.types.NodesModifier, name: str) -> str:
    """Blender's own name for a modifier's input; "" if there is none."""
    if modifier.node_group is None or modifier.node_group.interface is None:
        return ""
    for item in modifier.node_group.interface.items_tree:
        if not isinstance(item, bpy.types.NodeTreeInterfaceSocket):
            continue
        if item.in_out == "INPUT" and item.name == name:
            return item.identifier
    return ""


def get_input(modifier: bpy.types.NodesModifier, name: str) -> Value | None:
    """The value of a modifier's input, by the socket's name."""
    key = _identifier(modifier, name)
    if not hasattr(modifier, "properties"):
        return modifier.get(key)
    return _property(modifier, key).value if key else None


def set_input(modifier: bpy.types.NodesModifier, name: str, value: Value) -> None:
    """Set a modifier's input, by the socket's name."""
    key = _identifier(modifier, name)
    if hasattr(modifier, "properties"):  # from 5.2; earlier they are custom properties
        _property(modifier, key).value = value
    else:
        modifier[key] = value


def _property(modifier: bpy.types.NodesModifier, key: str) -> Input:
    # Blender makes these properties for each node group, so the stubs do not know them.
    inputs = modifier.properties.inputs  # type: ignore[union-attr]
    return cast("Input", getattr(inputs, key))
