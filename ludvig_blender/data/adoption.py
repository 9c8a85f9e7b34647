"""Makes splats ours as soon as they appear: from Blender's own importers, and from older files.

Blender 5.3 imports a PLY or SPZ file          -> we draw the object in the viewport
a file was saved by a Blender without splats   -> its points become Blender's splats
a file was saved by a Blender that has splats  -> before 5.3 they become points that we draw
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy
from bpy.app.handlers import persistent

if TYPE_CHECKING:
    from .types import SplatObject

FIRST = (5, 3)  # the first Blender that has splats of its own
HERE = bpy.app.version >= FIRST  # whether this one has


def adopt(thing: SplatObject) -> None:
    """Let Blender treat an object as splats, drawn by whom the scene's settings say.

    No splat of an object that LUDVIG sees first is selected; for Blender all would be. Its box is
    without floaters then; that of another object stays, because its order does.
    """
    import numpy as np

    from . import attributes, extent, masking, native, properties, splats

    if splats.ROW not in thing.data.attributes:
        extent.renew(thing)
    if splats.SELECTION not in thing.data.attributes:
        splats.set_selection(thing.data, np.zeros(attributes.count(thing.data), bool))
    native.convert(thing, ours=properties.drawing(bpy.context.scene).show != "NONE")
    masking.follow(thing)


@persistent
def _on_change(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if not depsgraph.id_type_updated("POINTCLOUD"):
        return
    from . import splats

    for change in depsgraph.updates:
        thing = change.id.original if isinstance(change.id, bpy.types.Object) else None
        if not isinstance(thing, bpy.types.Object) or not splats.is_splats(thing):
            continue
        if thing.data.type != "POINTS" and not thing.ludvig.adopted and thing.is_editable:
            adopt(thing)


@persistent
def _on_load(_path: str) -> None:
    saved = cast("tuple[int, int, int]", bpy.data.version)  # of the Blender that saved the file
    if not bpy.data.pointclouds:
        return
    from . import masking, splats

    if ((saved[0], saved[1]) >= FIRST) == HERE:
        masking.resume()
        return
    for thing in bpy.data.objects:
        if splats.is_splats(thing) and thing.is_editable and thing.data.is_editable:
            adopt(thing)


@persistent
def _before_saving(_path: str) -> None:
    if bpy.data.pointclouds:
        from . import masking

        masking.pause()


@persistent
def _after_saving(_path: str) -> None:
    if bpy.data.pointclouds:
        from . import masking

        masking.resume()


# The last two also after a failure to save.
SAVING = {
    "save_pre": _before_saving,
    "save_post": _after_saving,
    "save_post_fail": _after_saving,
}


def register() -> None:
    for name, handler in SAVING.items():
        getattr(bpy.app.handlers, name).append(handler)
    bpy.app.handlers.load_post.append(_on_load)
    if HERE:
        bpy.app.handlers.depsgraph_update_post.append(_on_change)


def unregister() -> None:
    for name, handler in SAVING.items():
        getattr(bpy.app.handlers, name).remove(handler)
    bpy.app.handlers.load_post.remove(_on_load)
    if HERE:
        bpy.app.handlers.depsgraph_update_post.remove(_on_change)
