"""Splats in the 3D viewport, which Blender has not drawn before 5.3, and never with a selection.

This module passes on to the display what Blender and `data.changes` report. It loads neither NumPy
nor the GPU modules until a 3D viewport shows a scene with splats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.handlers import persistent

from ..data import changes

if TYPE_CHECKING:
    from ..data.types import SplatObject
    from ..maths.lens import Lens
    from .display import Display
    from .screens import Seen

_display: Display | None = None  # made at the first draw
_handles: list[object] = []  # of Blender's draw callbacks


def _read_again(thing: bpy.types.Object | bpy.types.PointCloud | None) -> None:
    """Look for changes in one splat object, in all objects of a point cloud, or (None) in all.

    View-dependent color is only read again if the base color has changed too, as it does with every
    recoloring.
    """
    if _display is not None:
        _display.intake.read_again(thing)


def _draw() -> None:
    global _display
    if not bpy.data.pointclouds:
        return
    if _display is None:
        from .display import Display

        _display = Display()
    _display.draw(bpy.context)


def aim(context: bpy.types.Context, place: tuple[float, float], tool: str) -> None:
    """The mouse is here with this tool, in pixels of the region: light what a click would hit."""
    found = _aimed(context)
    if _display is not None and found is not None:
        _display.hover.move(*found, place, tool)


def seen(context: bpy.types.Context, *, now: bool = False) -> Seen | None:
    """The splat object that tools work on, as this region shows it.

    None if there is none, or while it is being prepared, which `now` waits for. Raises
    `EngineError` if the object is scaled unevenly.
    """
    found = _aimed(context)
    if found is None or (_display is None and not now):
        return None
    from . import screens

    thing, lens = found
    cloud = _display.intake.cloud(thing) if _display is not None else None
    known = _display.screens.of(thing, cloud, lens) if _display and cloud is not None else None
    if known is None and now:
        return screens.look(thing, lens)
    if known is None and _display is not None:
        _display.wake()
    return known


def _aimed(context: bpy.types.Context) -> tuple[SplatObject, Lens] | None:
    """The splat object that tools work on, if there is one, and the view of this region."""
    if not bpy.data.pointclouds or context.region_data is None or context.region is None:
        return None
    from ..data import splats
    from ..maths import pinhole

    things = splats.splat_objects(context)
    if not things:
        return None
    return things[0], pinhole.of_region(context.region, context.region_data)


def drop() -> None:
    """Free the GPU memory and end the worker's threads. The next draw starts from scratch."""
    global _display
    if _display is not None:
        _display.stop()
        _display = None


@persistent
def _on_change(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if _display is not None:
        _display.intake.changed(depsgraph)
        _display.instances.changed(depsgraph)


@persistent
def _on_step(*_args: object) -> None:
    # Undo and redo replace the data behind the same names.
    _read_again(None)
    if _display is not None:
        _display.instances.changed()
    changes.redraw()


@persistent
def _on_load(*_args: object) -> None:
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
