"""Blender 5.3's own splats: point clouds have a type, and Blender draws those of this type.

Only this module knows about them. Blender's solid and wireframe views leave an object to us that is
displayed as bounds. Its other views and renders draw it all the same, with the lights and meshes of
the scene; there we add the selection. So nothing is drawn twice. `adopted` says that this was
decided, once per object, so that users may decide otherwise with the object's Display As.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import attributes

if TYPE_CHECKING:
    from .types import SplatObject

BASE = "radiance:base"  # sh0 and opacity, four floats


def exists() -> bool:
    """Whether this Blender has splats of its own."""
    return "type" in bpy.types.PointCloud.bl_rna.properties and attributes.has_float4()


def convert(thing: SplatObject, *, ours: bool) -> None:
    """Let Blender treat an object as splats if it can, also one that another Blender saved.

    `ours` says that we draw it in the viewport. Before 5.3 Blender sees plain points: it shows
    them as bounds, so that only our own drawing is seen, and leaves them out of renders, which
    would show a ball for every point. The lines of the bounds are also what Blender's own tools
    select an object by: without them (as an instancer of nothing, tried in 5.2.2) they miss it, and
    meshes that are its children vanish. extent.py sees to it that the box is not too large.
    """
    cloud = thing.data
    if not exists():
        thing.display_type = "BOUNDS"
        thing.hide_render = True
        return
    if cloud.attributes[BASE].data_type != "FLOAT4":
        values = attributes.get(cloud, BASE)
        assert values is not None
        attributes.put(cloud, BASE, "FLOAT4", values)
    cloud.type = "GAUSSIAN_SPLAT"
    thing.display_type = "BOUNDS" if ours else "TEXTURED"
    thing.hide_render = False
    thing.ludvig.adopted = True


def convertible(thing: bpy.types.Object) -> bool:
    """Whether a splat object was made before Blender had splats."""
    cloud = thing.data
    return (
        exists()
        and isinstance(cloud, bpy.types.PointCloud)
        and BASE in cloud.attributes
        and cloud.type == "POINTS"
    )


def draws(thing: bpy.types.Object, space: bpy.types.SpaceView3D, scene: bpy.types.Scene) -> bool:
    """Whether Blender draws a splat object itself in a viewport.

    It does not if the object is displayed as bounds, which EEVEE and Cycles do not care about. The
    type is that of what the modifiers output, because Geometry Nodes may set it.
    """
    cloud = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    if not exists() or not isinstance(cloud, bpy.types.PointCloud) or cloud.type == "POINTS":
        return False
    shading, engine = space.shading.type, scene.render.engine
    rendered = shading == "RENDERED" and engine != "BLENDER_WORKBENCH"
    return rendered or shading == "MATERIAL" or thing.display_type != "BOUNDS"
