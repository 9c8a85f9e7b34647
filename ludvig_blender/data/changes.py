"""Notifies of changes to splats, so that nobody has to compare a million of them to find out.

    changes.tell(object)      after writing splats, selection or scores: Blender does not notice
    changes.redraw()          after changing anything else that the viewport shows
    changes.listen(function)  to have a function called at each `tell`

The viewport listens, and then reads the splats again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.app.handlers import persistent

if TYPE_CHECKING:
    Written = bpy.types.Object | bpy.types.PointCloud | None
    Listener = Callable[[Written], object]

# Increases when Blender has changed something.
version = 0
# Increases when we have written something that Blender does not notice.
written = 0

_listeners: list[Listener] = []


def state() -> tuple[int, int]:
    """Both numbers. As long as they stay, no splats were changed: not outside `blender -b`."""
    return version, written


def tell(thing: Written = None) -> None:
    """Something was written to an object, to all objects of a point cloud, or (None) to any."""
    global written
    written += 1
    for listener in _listeners:
        listener(thing)
    redraw()


def listen(function: Listener) -> None:
    """Call `function(thing)` whenever `tell` is called."""
    _listeners.append(function)


def ignore(function: Listener) -> None:
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
def _on_change(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    global version
    if depsgraph.id_type_updated("POINTCLOUD"):
        version += 1


@persistent
def _on_step(*_arguments: object) -> None:
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
