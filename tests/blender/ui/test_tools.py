"""The tools in the toolbar: one group, after Blender's own that move things."""

from __future__ import annotations

from bl_ui.space_toolsystem_toolbar import VIEW3D_PT_tools_active

from extension import blender_module

tools = blender_module("ludvig_blender.ui.tools")


def test_they_are_one_group_after_the_transform_tools():
    names = [
        entry.idname  # a tool is a tuple too
        if hasattr(entry, "idname")
        else [tool.idname for tool in entry]
        if isinstance(entry, tuple)
        else None
        for entry in VIEW3D_PT_tools_active._tools["OBJECT"]
    ]
    group = [*map(tools._idname, tools.kinds.drawn()), tools.BrushTool.bl_idname]
    assert names.count(group) == 1
    at = names.index(group)
    own = names[names.index("builtin.move") : at]
    # Nothing of ours is among them, and a line divides the two.
    assert "builtin.transform" in own and own[-1] is None
    assert not any(name in str(own) for name in group)
    assert names[at + 1] is None


def test_the_brush_has_the_keys_of_blenders_own_brushes():
    keys = [(name, event["type"]) for name, event, _ in tools.BrushTool.bl_keymap]
    modes = {
        (bool(event.get("shift")), bool(event.get("ctrl"))): dict(held["properties"])["mode"]
        for name, event, held in tools.BrushTool.bl_keymap
        if name == "ludvig.brush"
    }
    assert modes == {(False, False): "ADD", (True, False): "ADD", (False, True): "REMOVE"}
    assert ("wm.radial_control", "F") in keys
    assert {key for name, key in keys if name == "wm.context_scale_int"} == {
        "LEFT_BRACKET",
        "RIGHT_BRACKET",
    }
