"""The tools in the toolbar of the 3D viewport, one per kind of prompt that is drawn.

Without a key, a prompt replaces the earlier ones. With Shift it adds to the object; with Ctrl it
says what is not part of the object. Alt and the wheel, or Page Up and Page Down, choose between
part and whole; Blender zooms with the wheel alone and moves the view with Shift or Ctrl.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..data import properties
from ..maths import kinds

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
    base = WideTool if kind.wide else Tool
    return type(f"{kind.label}Tool", (base, bpy.types.WorkSpaceTool), members)


TOOLS = tuple(map(drawing, kinds.drawn()))
NAMES = {_idname(kind) for kind in kinds.drawn()}


def register() -> None:
    # One of those that move things, and it shares its button with another one. Only for such a tool
    # Blender looks for the end of them all; after their last one it would miscount.
    after = {"builtin.scale_cage"}
    for kind, tool in zip(kinds.drawn(), TOOLS, strict=True):
        bpy.utils.register_tool(
            tool, after=after, separator=tool is TOOLS[0], group=tool is TOOLS[0]
        )
        after = {_idname(kind)}


def unregister() -> None:
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
