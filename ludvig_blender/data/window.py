"""The window for operators that are called in a timer, which runs outside of all windows."""

from __future__ import annotations

import bpy


def current() -> bpy.types.Window | None:
    """The current window, else the first one; None if Blender has no windows."""
    manager = bpy.context.window_manager
    window = bpy.context.window
    if window is None and manager is not None and manager.windows:
        return manager.windows[0]
    return window
