"""Tells that splats may have changed, so that nobody has to compare a million of them to see that nothing has.

changes.tell(object)     after writing an object's splats, selection or scores without Blender's noticing
changes.redraw()         after anything else that the viewport shows
changes.listen(function) be told of what `tell` is told; the viewport reads the splats again then
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

version = 0  # another number: Blender has changed something, look again
written = 0  # another number: we have written something that Blender does not notice

_listeners: list[Callable[[Any], object]] = []


def tell(thing: Any = None) -> None:
    """Something was written to a splat object, to all objects of a point cloud, or to all there are."""
    global written
    written += 1
    for listener in _listeners:
        listener(thing)
    redraw()


def listen(function: Callable[[Any], object]) -> None:
    """Call `function(thing)` whenever `tell` is called."""
    _listeners.append(function)


def ignore(function: Callable[[Any], object]) -> None:
    """Undo `listen`."""
    _listeners.remove(function)


def redraw() -> None:
    """Let every 3D viewport draw itself again."""
    manager = getattr(bpy.context, "window_manager", None)
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


@persistent
def _on_change(_scene: Any, depsgraph: Any) -> None:
    global version
    if depsgraph.id_type_updated("POINTCLOUD"):
        version += 1


@persistent
def _on_step(*_args: Any) -> None:
    global version
    version += 1


HANDLERS = {
    "depsgraph_update_post": _on_change,
    "undo_post": _on_step,
    "redo_post": _on_step,
    "load_post": _on_step,
}


def register() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
