"""The one place that knows Blender 5.3's own splats: there point clouds have a type, and Blender draws this one itself.

Written against the API's stubs: `mypy --disable-error-code valid-type ludvig_blender/data/native.py` with fake-bpy-module.
"""

from __future__ import annotations

import bpy

from . import attributes

BASE = "radiance:base"  # sh0 and opacity, four floats


def exists() -> bool:
    """Whether this Blender has splats of its own."""
    return "type" in bpy.types.PointCloud.bl_rna.properties and attributes.has_float4()


def convert(thing: bpy.types.Object) -> None:
    """Let Blender treat a splat object as splats, where it can; also one that an earlier Blender saved.

    Elsewhere Blender sees plain points: shown as bounds, so that only our own drawing is seen, and left out of renders,
    which would be full of balls.
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
    """Whether Blender draws a splat object. Displayed as bounds it does not: then we do, with selection and scores."""
    cloud = thing.data
    return (
        exists()
        and isinstance(cloud, bpy.types.PointCloud)
        and cloud.type == "GAUSSIAN_SPLAT"
        and thing.display_type != "BOUNDS"
    )
