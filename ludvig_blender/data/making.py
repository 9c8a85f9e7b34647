"""New splat objects, made in small steps between which Blender can draw."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, cast

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.scene import Gaussians
from ..translation.say import say_report
from . import attributes, native, properties, window
from .native import BASE
from .splats import BASE_TYPE, RESERVED, ROW, SELECTION, remove, with_uid

if TYPE_CHECKING:
    from .types import SplatObject

RESIZABLE = bpy.app.version >= (5, 1)  # `PointCloud.resize`
Columns = dict[str, tuple[str, np.ndarray]]  # by attribute: its type and values


def columns(
    gaussians: Gaussians,
    *,
    rows: np.ndarray | None = None,
    extras: Mapping[str, np.ndarray] | None = None,
) -> Columns:
    """The attributes of these Gaussians, as they only need to be copied. Callable from any thread.

    `rows` are the Gaussians' rows in the file; None: they are all rows, in order. No splat is
    selected. `extras` (N,) are further PLY properties by name.
    """
    base = np.concatenate([gaussians.sh0[:, 0], gaussians.opacities[:, None]], axis=1)
    found: Columns = {
        "position": ("FLOAT_VECTOR", gaussians.means),
        "scale": ("FLOAT_VECTOR", gaussians.scales),
        "rotation": ("QUATERNION", gaussians.quats),
        BASE: (BASE_TYPE, base),
        ROW: ("INT", np.arange(len(gaussians)) if rows is None else rows),
        SELECTION: ("BOOLEAN", np.zeros(len(gaussians), bool)),
    }
    for k in range(gaussians.shN.shape[1]):
        found[f"radiance:sh_{k}"] = "FLOAT_VECTOR", gaussians.shN[:, k]
    for extra, values in (extras or {}).items():
        found[f"ply_{extra}" if extra in RESERVED else extra] = "FLOAT", values
    return {
        name: (type_, attributes.packed(values, type_)) for name, (type_, values) in found.items()
    }


def steps(name: str, columns: Columns) -> Generator[None, None, SplatObject]:
    """The steps to a new splat object, which is in no collection yet: one attribute per step.

    Each step takes as long as Blender takes to store an attribute: up to 11 ms per million splats,
    because the system hands out new memory page by page. Nothing is left if the steps end early.
    Raises `EngineError` "changed" if an undo or another file has taken the object away meanwhile.
    """
    cloud = _new_cloud(name, len(columns["position"][1]))
    thing = bpy.data.objects.new(name, cloud)
    uid = thing.session_uid
    try:
        for attribute, (type_, values) in columns.items():
            attributes.put(_own(uid, name).data, attribute, type_, values)
            yield
        found = _own(uid, name)
        # An undo may have brought back the object as it was some steps ago.
        if not all(attribute in found.data.attributes for attribute in columns):
            raise _interrupted(name)
        native.convert(found, ours=properties.drawing(bpy.context.scene).show != "NONE")
        return found
    except BaseException:
        remove(uid)
        raise


def made(steps: Generator[None, None, SplatObject]) -> SplatObject:
    """The object of `steps`, at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("SplatObject", end.value)


def _own(uid: int, name: str) -> SplatObject:
    thing = with_uid(uid)
    if thing is None:
        raise _interrupted(name)
    return cast("SplatObject", thing)


def _interrupted(name: str) -> EngineError:
    what = say_report(
        'The import of "{name}" was interrupted by an undo or by opening another file.', name=name
    )
    return EngineError("changed", what, ["Import it again."])


def _new_cloud(name: str, size: int) -> bpy.types.PointCloud:
    cloud = bpy.data.pointclouds.new(name)
    if size == 0:
        return cloud
    if RESIZABLE:
        cloud.resize(size)
        return cloud
    bpy.data.pointclouds.remove(cloud)
    return _converted_cloud(name, size)


def resized(cloud: bpy.types.PointCloud, size: int) -> bpy.types.PointCloud:
    """A point cloud with `size` points, whose values are yet to be written.

    It is the same one or, in a Blender that cannot resize one, another that stands wherever it
    stood, without its attributes.
    """
    if RESIZABLE:
        cloud.resize(size)
        return cloud
    name, made = cloud.name, _new_cloud(cloud.name, size)
    for material in cloud.materials:
        made.materials.append(material)
    for key, value in cloud.items():
        made[key] = value
    cloud.user_remap(made)
    bpy.data.pointclouds.remove(cloud)
    made.name = name
    return made


def _converted_cloud(name: str, size: int) -> bpy.types.PointCloud:
    """A new point cloud in a Blender that cannot resize one: it converts a mesh."""
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(size)
    carrier = bpy.data.objects.new(name, mesh)
    assert bpy.context.scene is not None
    bpy.context.scene.collection.objects.link(carrier)
    with bpy.context.temp_override(
        window=window.current(),
        object=carrier,
        active_object=carrier,
        selected_objects=[carrier],
        selected_editable_objects=[carrier],
    ):
        bpy.ops.object.convert(target="POINTCLOUD")
    cloud = cast("bpy.types.PointCloud", carrier.data)
    bpy.data.objects.remove(carrier)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    attributes.drop(cloud, ".select_vert")  # comes from the mesh
    cloud.name = name
    return cloud
