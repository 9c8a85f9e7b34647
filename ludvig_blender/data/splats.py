"""Splat objects: point clouds with Blender 5.3's splat attributes, on every version.

So a file saved today opens natively in 5.3. Before 5.3 Blender sees plain points, and `viewport`
draws the splats.

    position FLOAT_VECTOR         means, in the file's own space: the object's matrix converts axes
    scale FLOAT_VECTOR            linear standard deviations
    rotation QUATERNION           wxyz, normalized
    radiance:base FLOAT4          sh0 and, fourth, the opacity 0..1 (FLOAT_COLOR without FLOAT4)
    radiance:sh_0.. FLOAT_VECTOR  the higher spherical harmonics
    .selection BOOLEAN            Blender's own selection; without this attribute all are selected
    .ludvig_row INT               row in the file, which stays with the splat after deletions
    .ludvig_hidden BOOLEAN        splats that are hidden in the viewport
    any FLOAT                     further PLY properties; scores of segments: `ludvig_<segment>`
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, TypeGuard, cast

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.scene import Gaussians
from . import attributes, native, window
from .native import BASE

if TYPE_CHECKING:
    from .types import SplatObject

SELECTION = ".selection"
ROW = ".ludvig_row"
HIDDEN = ".ludvig_hidden"
RESIZABLE = bpy.app.version >= (5, 1)  # `PointCloud.resize`
SCHEMA = {
    "position": {"FLOAT_VECTOR"},
    "scale": {"FLOAT_VECTOR"},
    "rotation": {"QUATERNION"},
    BASE: {"FLOAT4", "FLOAT_COLOR"},
}
BASE_TYPE = "FLOAT4" if attributes.has_float4() else "FLOAT_COLOR"
Columns = dict[str, tuple[str, np.ndarray]]  # by attribute: its type and values
RESERVED = (*SCHEMA, "radius")  # PLY properties of these names get a prefix
SH_COUNTS = (0, 3, 8, 15, 24)  # coefficients beyond degree 0, by degree


def is_splats(thing: bpy.types.Object | None) -> TypeGuard[SplatObject]:
    """Whether an object (or None) is a splat object."""
    if thing is None or not isinstance(thing.data, bpy.types.PointCloud):
        return False
    return is_splat_cloud(thing.data)


def is_splat_cloud(cloud: bpy.types.PointCloud) -> bool:
    """Whether a point cloud has the attributes that make it splats."""
    known = {a.name: a.data_type for a in cloud.attributes if a.domain == "POINT"}
    return all(known.get(name) in types for name, types in SCHEMA.items())


def splat_objects(context: bpy.types.Context) -> list[SplatObject]:
    """The active splat object, then other selected ones; without any, the only one there."""
    assert context.view_layer is not None
    objects = context.view_layer.objects
    active = objects.active
    found = [thing for thing in context.selected_objects if is_splats(thing)]
    if is_splats(active):
        return [active, *(thing for thing in found if thing != active)]
    if found:
        return found
    every = [thing for thing in objects if is_splats(thing)]
    return every if len(every) == 1 else []


def with_uid(uid: int) -> bpy.types.Object | None:
    """The object with this session uid, which survives renaming; None if it is gone."""
    return next((thing for thing in bpy.data.objects if thing.session_uid == uid), None)


def create(
    name: str,
    gaussians: Gaussians,
    *,
    rows: np.ndarray | None = None,
    extras: Mapping[str, np.ndarray] | None = None,
) -> SplatObject:
    """A new splat object with these Gaussians, in no collection yet. No splat is selected.

    `rows` are the Gaussians' rows in the file; None: they are all rows, in order.
    """
    return made(making(name, columns(gaussians, rows=rows, extras=extras)))


def columns(
    gaussians: Gaussians,
    *,
    rows: np.ndarray | None = None,
    extras: Mapping[str, np.ndarray] | None = None,
) -> Columns:
    """The attributes of `create`, as they only need to be copied. Callable from any thread."""
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


def making(name: str, columns: Columns) -> Generator[None, None, SplatObject]:
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
        native.convert(found)
        return found
    except BaseException:
        remove(uid)
        raise


def made(steps: Generator[None, None, SplatObject]) -> SplatObject:
    """The object of `making`, at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast("SplatObject", end.value)


def remove(uid: int) -> None:
    """Remove the object with this session uid, and its points if no other object has them."""
    if (thing := with_uid(uid)) is not None:
        data = thing.data
        bpy.data.objects.remove(thing)
        if isinstance(data, bpy.types.PointCloud) and not data.users:
            bpy.data.pointclouds.remove(data)


def _own(uid: int, name: str) -> SplatObject:
    thing = with_uid(uid)
    if thing is None:
        raise _interrupted(name)
    return cast("SplatObject", thing)


def _interrupted(name: str) -> EngineError:
    what = f'The import of "{name}" was interrupted by an undo or by opening another file.'
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


def sh_count(cloud: bpy.types.PointCloud) -> int:
    """How many coefficients beyond degree 0 the cloud has: 0, 3, 8, 15 or 24."""
    present = 0
    while f"radiance:sh_{present}" in cloud.attributes:
        present += 1
    return max(count for count in SH_COUNTS if count <= present)


def read(cloud: bpy.types.PointCloud) -> Gaussians:
    """The Gaussians of a point cloud, original or evaluated, in its order and space."""
    base = required(cloud, BASE)
    size, coefficients = len(base), sh_count(cloud)
    shN = np.empty((size, coefficients, 3), np.float32)
    for k in range(coefficients):
        shN[:, k] = required(cloud, f"radiance:sh_{k}")
    return Gaussians(
        means=required(cloud, "position"),
        quats=required(cloud, "rotation"),
        scales=required(cloud, "scale"),
        opacities=np.ascontiguousarray(base[:, 3]),
        sh0=np.ascontiguousarray(base[:, None, :3]),
        shN=shN,
    )


def required(
    cloud: bpy.types.PointCloud, name: str, memory: np.ndarray | None = None
) -> np.ndarray:
    """The values of an attribute, in `memory` if given. Raises `EngineError` if missing."""
    values = attributes.get(cloud, name, memory)
    if values is None:
        how = "Import a splat file, or use Object > Convert > Splats from Attributes."
        raise EngineError(
            "bad_input",
            f'"{cloud.name}" is not a splat object: it has no attribute "{name}".',
            [Fix(how, "import_splats")],
        )
    return values


def write(cloud: bpy.types.PointCloud, gaussians: Gaussians) -> None:
    """Store Gaussians, one per point, in the order of the points."""
    attributes.put(cloud, "position", "FLOAT_VECTOR", gaussians.means)
    attributes.put(cloud, "scale", "FLOAT_VECTOR", gaussians.scales)
    attributes.put(cloud, "rotation", "QUATERNION", gaussians.quats)
    write_colors(cloud, gaussians.sh0, gaussians.shN, gaussians.opacities)


def write_colors(
    cloud: bpy.types.PointCloud, sh0: np.ndarray, shN: np.ndarray, opacities: np.ndarray
) -> None:
    """Store colors (N, 1, 3), (N, S, 3) and opacities (N,)."""
    base = np.concatenate([sh0[:, 0], opacities[:, None]], axis=1)
    attributes.put(cloud, BASE, BASE_TYPE, base)
    for k in range(shN.shape[1]):
        attributes.put(cloud, f"radiance:sh_{k}", "FLOAT_VECTOR", shN[:, k])
    cloud.update_tag()


def selection(cloud: bpy.types.PointCloud) -> np.ndarray:
    """Which splats are selected, (N,) bool."""
    chosen = attributes.get(cloud, SELECTION)
    return np.ones(attributes.count(cloud), bool) if chosen is None else chosen.astype(bool)


def set_selection(cloud: bpy.types.PointCloud, chosen: np.ndarray) -> None:
    """Select these splats, (N,) bool, and no others."""
    attributes.put(cloud, SELECTION, "BOOLEAN", chosen)
    cloud.update_tag()


def rows(cloud: bpy.types.PointCloud) -> np.ndarray:
    """The row in the file of each splat, (N,) int32; duplicated splats have the same row."""
    known = attributes.get(cloud, ROW)
    return np.arange(attributes.count(cloud), dtype=np.int32) if known is None else known


def extra_names(cloud: bpy.types.PointCloud) -> list[str]:
    """The FLOAT attributes outside the schema: further PLY properties and scores of segments."""
    return [
        name
        for name in attributes.names(cloud, "FLOAT")
        if not name.startswith(".") and name not in RESERVED
    ]


def identity(cloud: bpy.types.PointCloud) -> str:
    """A digest of positions, shapes and opacities, but not of colors, scores and selection.

    It takes 60 ms per million splats. Before writing a result that took minutes, compare this to
    see that the splats are still the same.
    """
    return digest({name: required(cloud, name) for name in SCHEMA})


def digest(values: Mapping[str, np.ndarray]) -> str:
    """What `identity` returns, computed from the attributes' values; it may run in a thread."""
    state = hashlib.blake2b(digest_size=16)
    for name in SCHEMA:
        part = values[name][:, 3] if name == BASE else values[name]
        state.update(np.ascontiguousarray(part).data)
    return state.hexdigest()
