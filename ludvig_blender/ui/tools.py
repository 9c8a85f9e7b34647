"""The tools in the 3D viewport's toolbar: Click, Scribble, Box. Plain: this is it. Shift: also this. Ctrl: not this."""

from __future__ import annotations

from typing import Any

import bpy


def _keys(operator: str, value: str) -> tuple[Any, ...]:
    """Left mouse button: with Shift it adds, with Ctrl it removes."""
    held = {"SET": {}, "ADD": {"shift": True}, "REMOVE": {"ctrl": True}}
    return tuple(
        (operator, {"type": "LEFTMOUSE", "value": value, **keys}, {"properties": [("mode", mode)]})
        for mode, keys in held.items()
    )


class Tool:
    bl_space_type = "VIEW_3D"
    bl_context_mode = "OBJECT"

    @staticmethod
    def draw_settings(context: Any, layout: Any, tool: Any) -> None:
        settings = context.window_manager.ludvig_tools
        layout.row().prop(settings, "depth", expand=True)
        if tool.idname == ScribbleTool.bl_idname:
            layout.prop(settings, "radius")


class ClickTool(Tool, bpy.types.WorkSpaceTool):
    bl_idname = "ludvig.click_tool"
    bl_label = "Find by Click"
    bl_description = (
        "Click on an object made of splats to select it.\nShift: also this. Ctrl: not this"
    )
    bl_icon = "ops.generic.select"
    bl_cursor = "CROSSHAIR"
    bl_keymap = _keys("ludvig.click", "PRESS")


class ScribbleTool(Tool, bpy.types.WorkSpaceTool):
    bl_idname = "ludvig.scribble_tool"
    bl_label = "Find by Scribble"
    bl_description = (
        "Draw over an object made of splats to select it.\nShift: also this. Ctrl: not this"
    )
    bl_icon = "ops.generic.select_paint"
    bl_cursor = "CROSSHAIR"
    bl_keymap = _keys("ludvig.scribble", "PRESS")

    @staticmethod
    def draw_cursor(context: Any, _tool: Any, place: tuple[float, float]) -> None:
        from gpu_extras.presets import draw_circle_2d

        draw_circle_2d(
            place, (1, 1, 1, 0.7), context.window_manager.ludvig_tools.radius, segments=32
        )


class BoxTool(Tool, bpy.types.WorkSpaceTool):
    bl_idname = "ludvig.box_tool"
    bl_label = "Find in Box"
    bl_description = (
        "Drag a box around an object to select it.\nShift: also in this. Ctrl: nothing of it"
    )
    bl_icon = "ops.generic.select_box"
    bl_cursor = "CROSSHAIR"
    bl_keymap = _keys("ludvig.box", "PRESS")


TOOLS = (ClickTool, ScribbleTool, BoxTool)


def register() -> None:
    after = {"builtin.cursor"}
    for tool in TOOLS:
        bpy.utils.register_tool(
            tool, after=after, separator=tool is ClickTool, group=tool is ClickTool
        )
        after = {tool.bl_idname}


def unregister() -> None:
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
