"""Procedural materials: two colors, mixed by a pattern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

Color = tuple[float, float, float]  # sRGB, 0..1


def tree_of(made: Any) -> Any:
    """The nodes of a new material or world."""
    if bpy.app.version < (5,):  # since then, they always have nodes
        made.use_nodes = True
    return made.node_tree


def material(
    color: Color,
    other: Color | None = None,
    *,
    pattern: str = "mottled",
    scale: float = 1.0,
    roughness: float = 0.55,
    bump: float = 0.0,
    glow: float = 0.0,
    clear: float = 0.0,
) -> Any:
    """A surface of `color` where the pattern is 0, and of `other` where it is 1.

    `pattern` is one of `PATTERNS`, and `scale` is the size of its features in scene units. `bump`
    raises the parts of the other color by this height. `glow` is the strength of emission. `clear`
    is the share of light that goes through where one looks at the surface at a right angle; at its
    rims it is less, as in thin glass, and nothing is refracted.
    """
    made = bpy.data.materials.new(pattern)
    tree = tree_of(made)
    nodes, links = tree.nodes, tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = roughness
    factor = PATTERNS[pattern](_Nodes(made.node_tree), scale)
    mix = nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    links.new(factor, mix.inputs["Factor"])
    for name, value in (("A", color), ("B", other or tuple(c * 0.82 for c in color))):
        socket = next(s for s in mix.inputs if s.name == name and s.type == "RGBA")
        socket.default_value = (*_linear(value), 1)
    mixed = next(s for s in mix.outputs if s.type == "RGBA")
    links.new(mixed, shader.inputs["Base Color"])
    if glow:
        links.new(mixed, shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = glow
    if bump:
        raised = nodes.new("ShaderNodeBump")
        raised.inputs["Strength"].default_value, raised.inputs["Distance"].default_value = 1, bump
        links.new(factor, raised.inputs["Height"])
        links.new(raised.outputs["Normal"], shader.inputs["Normal"])
    if clear:
        _let_through(made.node_tree, clear, color)
    return made


def _let_through(tree: Any, clear: float, color: Color) -> None:
    n, links = _Nodes(tree), tree.links
    tint = (*(0.5 + 0.5 * c for c in _linear(color)), 1)
    through = n.add("BsdfTransparent", "BSDF", Color=tint)
    rim = n.add("LayerWeight", "Facing", Blend=0.2)
    share = n.math("MULTIPLY", n.math("SUBTRACT", 1.0, rim), clear)
    surface = tree.nodes["Principled BSDF"].outputs["BSDF"]
    mixed = n.add("MixShader", "Shader", _0=share, _1=surface, _2=through)
    links.new(mixed, tree.nodes["Material Output"].inputs["Surface"])


class _Nodes:
    """Shorthand for node graphs: methods take sockets and numbers, and return a socket."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def add(
        self, kind: str, output: str, settings: dict[str, Any] | None = None, **inputs: Any
    ) -> Any:
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in (settings or {}).items():
            setattr(node, name, value)
        for name, value in inputs.items():
            socket = node.inputs[int(name[1:])] if name[1:].isdigit() else node.inputs[name]
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value
        return node.outputs[output]

    def place(self, x: float, y: float, z: float) -> Any:
        """The position on the object, scaled along its axes."""
        source = self.add("TexCoord", "Object")
        return self.add("Mapping", "Vector", Vector=source, Scale=(x, y, z))

    def part(self, axis: str, at: Any) -> Any:
        return self.add("SeparateXYZ", axis, Vector=at)

    def step(self, value: Any, start: float, end: float) -> Any:
        """0 below `start` and 1 above `end`, with a smooth step between."""
        limits = {"_1": start, "_2": end, "_3": 0.0, "_4": 1.0}
        settings = {"interpolation_type": "SMOOTHSTEP"}
        return self.add("MapRange", "Result", settings, Value=value, **limits)

    def noise(self, at: Any, scale: float, detail: float = 3.0) -> Any:
        return self.add("TexNoise", "Fac", Vector=at, Scale=scale, Detail=detail)

    def math(self, operation: str, *values: Any) -> Any:
        inputs = {f"_{i}": value for i, value in enumerate(values)}
        return self.add("Math", "Value", {"operation": operation}, **inputs)


def _mottled(n: _Nodes, scale: float) -> Any:
    return n.step(n.noise(n.place(1, 1, 1), 1 / scale), 0.35, 0.65)


def _wood(n: _Nodes, scale: float) -> Any:
    """Grain along the x axis of the object."""
    return n.step(n.noise(n.place(0.12, 1, 1), 2.2 / scale, 5), 0.3, 0.7)


def _planks(n: _Nodes, scale: float) -> Any:
    """Boards along x that are `scale` wide; each has its own tone, with grain and dark joints."""
    across = n.math("DIVIDE", n.part("Y", n.place(1, 1, 1)), scale)
    board = n.add("TexWhiteNoise", "Value", {"noise_dimensions": "1D"}, W=n.math("FLOOR", across))
    joint = n.step(n.math("PINGPONG", across, 0.5), 0.035, 0.0)
    own, grain = n.math("MULTIPLY", board, 0.5), n.math("MULTIPLY", _wood(n, scale / 2), 0.4)
    tone = n.math("ADD", own, grain)
    return n.math("MAXIMUM", tone, joint)


def _above(n: _Nodes, scale: float) -> Any:
    """The other color above the height `scale`, with a wavy border."""
    wave = n.math("MULTIPLY", n.noise(n.place(1, 1, 0), 1.5, 1), 0.25)
    return n.step(n.math("ADD", n.part("Z", n.place(1, 1, 1)), wave), scale + 0.1, scale + 0.14)


def _stripes(n: _Nodes, scale: float) -> Any:
    height = n.math("DIVIDE", n.part("Z", n.place(1, 1, 1)), scale)
    return n.step(n.math("PINGPONG", height, 0.5), 0.22, 0.28)


def _checks(n: _Nodes, scale: float) -> Any:
    """Woven checks: 0.5 where one kind of stripe lies, 1 where both cross."""
    at = n.place(1 / scale, 1 / scale, 1)
    threads = [n.step(n.math("PINGPONG", n.part(axis, at), 0.5), 0.22, 0.28) for axis in "XY"]
    return n.math("MULTIPLY", n.math("ADD", *threads), 0.5)


def _tiles(n: _Nodes, scale: float) -> Any:
    """A checkerboard on the surfaces that lie flat."""
    return n.add("TexChecker", "Fac", Vector=n.place(1 / scale, 1 / scale, 0), Scale=1.0)


def _weave(n: _Nodes, scale: float) -> Any:
    at = n.place(1 / scale, 1 / scale, 1)
    waves = [n.math("SINE", n.math("MULTIPLY", n.part(axis, at), 6.2832)) for axis in "XY"]
    return n.step(n.math("MULTIPLY", *waves), -0.5, 0.5)


def _dots(n: _Nodes, scale: float) -> Any:
    nearest = n.add(
        "TexVoronoi", "Distance", Vector=n.place(1, 1, 1), Scale=1 / scale, Randomness=0.6
    )
    return n.step(nearest, 0.32, 0.27)


PATTERNS: dict[str, Callable[[_Nodes, float], Any]] = {
    "mottled": _mottled,
    "wood": _wood,
    "planks": _planks,
    "above": _above,
    "stripes": _stripes,
    "checks": _checks,
    "tiles": _tiles,
    "weave": _weave,
    "dots": _dots,
}


def _linear(color: Color) -> Color:
    """Convert sRGB to linear color."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return red, green, blue
