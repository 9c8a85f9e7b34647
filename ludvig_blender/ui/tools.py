"""The tools in the toolbar of the 3D viewport: one per kind of prompt that is drawn, and a brush.

Without a key, a prompt replaces the earlier ones. With Shift it adds to the object; with Ctrl it
says what is not part of the object. Alt and the wheel, or Page Up and Page Down, choose between
part and whole; Blender zooms with the wheel alone and moves the view with Shift or Ctrl.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..data import properties
from ..maths import kinds
from ..operators import gesture

ICONS = Path(__file__).with_name("icons")  # drawn by tools/icons.py
# An operator, the event that calls it, and its properties.
Key = tuple[str, dict[str, object], dict[str, object]]
# Between part and whole.
SWITCHING: tuple[Key, ...] = tuple(
    (operator, {"type": key, "value": "PRESS", **held}, {})
    for operator, wheel, page in (
        ("ludvig.larger", "WHEELUPMOUSE", "PAGE_UP"),
        ("ludvig.smaller", "WHEELDOWNMOUSE", "PAGE_DOWN"),
    )
    for key, held in ((wheel, {"alt": True}), (page, {}))
)


def _keys(operator: str, value: str) -> tuple[Key, ...]:
    """The keymap for the left mouse button: with Shift it adds, with Ctrl it removes."""
    held: dict[str, dict[str, bool]] = {"SET": {}, "ADD": {"shift": True}, "REMOVE": {"ctrl": True}}
    drawing: tuple[Key, ...] = tuple(
        (operator, {"type": "LEFTMOUSE", "value": value, **keys}, {"properties": [("mode", mode)]})
        for mode, keys in held.items()
    )
    return (*drawing, *SWITCHING)


class Tool:
    """What the tools share."""

    bl_space_type = "VIEW_3D"
    bl_context_mode = "OBJECT"
    bl_cursor = "CROSSHAIR"

    @staticmethod
    def draw_settings(
        context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool
    ) -> None:
        layout.row().prop(properties.tools(context), "depth", expand=True)


def _within(context: bpy.types.Context, place: tuple[float, float]) -> tuple[float, float]:
    """A place of the window, as Blender tells it to tools, in pixels of the region."""
    region = context.region
    assert region is not None
    return place[0] - region.x, place[1] - region.y


class HoverTool(Tool):
    """Clicks, and lights what a click would hit while the mouse rests."""

    @staticmethod
    def draw_cursor(
        context: bpy.types.Context, tool: bpy.types.WorkSpaceTool, place: tuple[float, float]
    ) -> None:
        from .. import viewport

        viewport.aim(context, _within(context, place), tool.idname)


_RADIUS = "window_manager.ludvig_tools.brush"
_SCALING: tuple[Key, ...] = tuple(
    (
        "wm.context_scale_int",
        {"type": key, "value": "PRESS", "repeat": True},
        {"properties": [("data_path", _RADIUS), ("value", factor)]},
    )
    for key, factor in (("LEFT_BRACKET", 1 / 1.2), ("RIGHT_BRACKET", 1.2))
)
# The keys of Blender's own brushes for a radius: F and the mouse, or [ and ].
RESIZING: tuple[Key, ...] = (
    (
        "wm.radial_control",
        {"type": "F", "value": "PRESS"},
        {"properties": [("data_path_primary", _RADIUS)]},
    ),
    *_SCALING,
)


class WideTool(Tool):
    """Draws wide lines, and shows their width around the mouse."""

    @staticmethod
    def draw_settings(
        context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool
    ) -> None:
        Tool.draw_settings(context, layout, tool)
        layout.prop(properties.tools(context), "radius")

    @staticmethod
    def draw_cursor(
        context: bpy.types.Context, _tool: bpy.types.WorkSpaceTool, place: tuple[float, float]
    ) -> None:
        from gpu_extras.presets import draw_circle_2d

        draw_circle_2d(place, (1, 1, 1, 0.7), properties.tools(context).radius, segments=32)


class BrushTool(Tool, bpy.types.WorkSpaceTool):
    """Selects what it touches. Its circle lies on the surface, a fainter one at its depth limit."""

    bl_idname = "ludvig.brush_tool"
    bl_label = "Brush Selection"
    bl_description = (
        "Brush over splats to select them; nothing is searched for.\nCtrl: deselect them. "
        "F, [ and ]: radius"
    )
    bl_icon = str(ICONS / "brush")
    bl_keymap = (
        *(
            (
                "ludvig.brush",
                {"type": "LEFTMOUSE", "value": "PRESS", **held},
                {"properties": [("mode", mode)]},
            )
            for mode, held in (("ADD", {}), ("ADD", {"shift": True}), ("REMOVE", {"ctrl": True}))
        ),
        *RESIZING,
        *SWITCHING,
    )

    @staticmethod
    def draw_settings(
        context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool
    ) -> None:
        settings = properties.tools(context)
        Tool.draw_settings(context, layout, tool)
        layout.prop(settings, "brush")
        limit = layout.row()
        limit.active = settings.depth == "SURFACE"
        limit.prop(settings, "reach")

    @staticmethod
    def draw_cursor(
        context: bpy.types.Context, _tool: bpy.types.WorkSpaceTool, place: tuple[float, float]
    ) -> None:
        from gpu_extras.presets import draw_circle_2d

        from ..operators import brushing

        found = brushing.coin(context, _within(context, place))
        if found is None:
            draw_circle_2d(place, (1, 1, 1, 0.3), properties.tools(context).brush, segments=48)
            return
        seen, coin = found
        assert context.region is not None
        corner = (context.region.x, context.region.y)
        sunk = [(coin.depth, 0.35)] if coin.depth < float("inf") else []
        for below, alpha in (*sunk, (0.0, 0.9)):
            places = [(x, y) for x, y in (seen.places(coin.ring(below)) + corner).tolist()]
            gesture.line(places, (0, 0, 0, 0.6 * alpha), 3.5)
            gesture.line(places, (1, 1, 1, alpha), 1.5)


def _idname(kind: kinds.Drawn) -> str:
    return f"ludvig.{kind.wire}_tool"


def drawing(kind: kinds.Drawn) -> type[bpy.types.WorkSpaceTool]:
    """The tool that draws prompts of a kind."""
    members: dict[str, object] = {
        "bl_idname": _idname(kind),
        "bl_label": kind.tool,
        "bl_description": kind.tool_tip,
        "bl_icon": kind.tool_icon or str(ICONS / kind.wire),
        "bl_keymap": _keys(f"ludvig.{kind.wire}", "PRESS"),
        "__module__": __name__,
    }
    base = WideTool if kind.wide else HoverTool if kind.at_once else Tool
    return type(f"{kind.label}Tool", (base, bpy.types.WorkSpaceTool), members)


TOOLS: tuple[type[bpy.types.WorkSpaceTool], ...] = (*map(drawing, kinds.drawn()), BrushTool)
NAMES = {_idname(kind) for kind in kinds.drawn()}  # of those that make prompts


def register() -> None:
    # One of those that move things, and it shares its button with another one. Only for such a tool
    # Blender looks for the end of them all; after their last one it would miscount.
    after = {"builtin.scale_cage"}
    names = [*map(_idname, kinds.drawn()), BrushTool.bl_idname]
    for tool, name in zip(TOOLS, names, strict=True):
        bpy.utils.register_tool(
            tool, after=after, separator=tool is TOOLS[0], group=tool is TOOLS[0]
        )
        after = {name}


def unregister() -> None:
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
