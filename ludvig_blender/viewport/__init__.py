"""Splats in the 3D viewport, for Blender before 5.3: what Blender and `data.changes` tell reaches the display here.

Nothing of NumPy or the GPU is loaded until a 3D viewport shows a scene with splats.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..data import changes

_display: Any = None  # display.Display, once there is something to draw
_handles: list[Any] = []


def _read_again(thing: Any) -> None:
    """Look for changes in a splat object, in all objects of a point cloud, or in all there are.

    A change of view-dependent color is noticed by the base color that changes with it, as every recoloring does.
    """
    if _display is not None:
        _display.intake.read_again(thing)


def _draw() -> None:
    global _display
    if not bpy.data.pointclouds or bpy.context.scene.ludvig.show == "NONE":
        return
    if _display is None:
        from .display import Display

        _display = Display()
    _display.draw(bpy.context)


def drop() -> None:
    """Give back the memory of the GPU and the worker's threads; the next draw begins anew."""
    global _display
    if _display is not None:
        _display.stop()
        _display = None


@persistent
def _on_change(_scene: Any, depsgraph: Any) -> None:
    if _display is not None:
        _display.intake.changed(depsgraph)


@persistent
def _on_step(*_args: Any) -> None:  # undo and redo put other data behind the same names
    _read_again(None)
    changes.redraw()


@persistent
def _on_load(*_args: Any) -> None:
    drop()


_HANDLERS = {
    "depsgraph_update_post": _on_change,
    "frame_change_post": _on_change,
    "undo_post": _on_step,
    "redo_post": _on_step,
    "load_pre": _on_load,
}


def register() -> None:
    changes.listen(_read_again)
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)
    if not bpy.app.background:
        _handles.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_VIEW"))


def unregister() -> None:
    changes.ignore(_read_again)
    for handle in _handles:
        bpy.types.SpaceView3D.draw_handler_remove(handle, "WINDOW")
    _handles.clear()
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    drop()
