"""The keys that work with any tool: for the pie menu, and for undo before an answer is there."""

from __future__ import annotations

import bpy

from . import pie

_added: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    manager = bpy.context.window_manager
    keys = manager.keyconfigs.addon if manager else None
    if keys is None:  # without a window
        return
    keymap = keys.keymaps.new(name="Object Mode", space_type="EMPTY")
    item = keymap.keymap_items.new("wm.call_menu_pie", pie.KEY, "PRESS")
    assert item.properties is not None
    item.properties.name = pie.Pie.bl_idname
    _added.append((keymap, item))
    # Blender's own undo is in a keymap that is asked later. Its key is Cmd+Z on macOS.
    keymap = keys.keymaps.new(name="3D View Generic", space_type="VIEW_3D")
    for command in (False, True):
        item = keymap.keymap_items.new(
            "ludvig.give_up", "Z", "PRESS", ctrl=not command, oskey=command
        )
        _added.append((keymap, item))


def unregister() -> None:
    for keymap, item in _added:
        keymap.keymap_items.remove(item)
    _added.clear()
