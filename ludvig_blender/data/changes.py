"""Counts what may have changed splats, so that nobody has to compare a million of them to see that nothing has."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.app.handlers import persistent

version = 0  # another number: look again


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
