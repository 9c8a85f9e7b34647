"""The tools in the 3D viewport's toolbar, one per kind of prompt that is drawn. Plain: this is it. Shift: also this. Ctrl: not this."""

from __future__ import annotations

from typing import Any

import bpy

from ..maths import kinds


def _keys(operator: str, value: str) -> tuple[Any, ...]:
    """Left mouse button: with Shift it adds, with Ctrl it removes."""
    held = {"SET": {}, "ADD": {"shift": True}, "REMOVE": {"ctrl": True}}
    return tuple(
        (operator, {"type": "LEFTMOUSE", "value": value, **keys}, {"properties": [("mode", mode)]})
        for mode, keys in held.items()
    )


class Tool:
    """What the tools share."""

    bl_space_type = "VIEW_3D"
    bl_context_mode = "OBJECT"
    bl_cursor = "CROSSHAIR"

    @staticmethod
    def draw_settings(context: Any, layout: Any, tool: Any) -> None:
        layout.row().prop(context.window_manager.ludvig_tools, "depth", expand=True)


class WideTool(Tool):
    """Draws lines as wide as the settings say, and shows how wide."""

    @staticmethod
    def draw_settings(context: Any, layout: Any, tool: Any) -> None:
        Tool.draw_settings(context, layout, tool)
        layout.prop(context.window_manager.ludvig_tools, "radius")

    @staticmethod
    def draw_cursor(context: Any, _tool: Any, place: tuple[float, float]) -> None:
        from gpu_extras.presets import draw_circle_2d

        draw_circle_2d(
            place, (1, 1, 1, 0.7), context.window_manager.ludvig_tools.radius, segments=32
        )


def drawing(kind: kinds.Drawn) -> Any:
    """The tool that draws prompts of a kind."""
    members = {
        "bl_idname": f"ludvig.{kind.wire}_tool",
        "bl_label": kind.tool,
        "bl_description": kind.tool_tip,
        "bl_icon": kind.tool_icon,
        "bl_keymap": _keys(f"ludvig.{kind.wire}", "PRESS"),
        "__module__": __name__,
    }
    base = WideTool if kind.wide else Tool
    return type(f"{kind.label}Tool", (base, bpy.types.WorkSpaceTool), members)


TOOLS = tuple(map(drawing, kinds.drawn()))


def register() -> None:
    after = {"builtin.cursor"}
    for tool in TOOLS:
        bpy.utils.register_tool(
            tool, after=after, separator=tool is TOOLS[0], group=tool is TOOLS[0]
        )
        after = {tool.bl_idname}


def unregister() -> None:
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
