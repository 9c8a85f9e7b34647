"""Blender 5.3's own splats: point clouds have a type, and Blender draws those of this type.

Only this module knows about them.
"""

from __future__ import annotations

import bpy

from . import attributes

BASE = "radiance:base"  # sh0 and opacity, four floats


def exists() -> bool:
    """Whether this Blender has splats of its own."""
    return "type" in bpy.types.PointCloud.bl_rna.properties and attributes.has_float4()


def convert(thing: bpy.types.Object) -> None:
    """Let Blender treat an object as splats if it can, also one that an earlier Blender saved.

    Otherwise Blender sees plain points. Then it shows the object as bounds, so that only our own
    drawing is seen, and leaves it out of renders, which would show a ball for every point.
    """
    cloud = thing.data
    assert isinstance(cloud, bpy.types.PointCloud)
    if not exists():
        thing.display_type = "BOUNDS"
        thing.hide_render = True
        return
    if cloud.attributes[BASE].data_type != "FLOAT4":
        values = attributes.get(cloud, BASE)
        assert values is not None
        attributes.put(cloud, BASE, "FLOAT4", values)
    cloud.type = "GAUSSIAN_SPLAT"
    thing.display_type = "TEXTURED"
    thing.hide_render = False


def convertible(thing: bpy.types.Object) -> bool:
    """Whether a splat object was made before Blender had splats."""
    cloud = thing.data
    return (
        exists()
        and isinstance(cloud, bpy.types.PointCloud)
        and BASE in cloud.attributes
        and cloud.type == "POINTS"
    )


def draws(thing: bpy.types.Object) -> bool:
    """Whether Blender draws a splat object itself.

    It does not if the object is displayed as bounds: then we draw it, with selection and scores.
    """
    cloud = thing.data
    return (
        exists()
        and isinstance(cloud, bpy.types.PointCloud)
        and cloud.type == "GAUSSIAN_SPLAT"
        and thing.display_type != "BOUNDS"
    )
