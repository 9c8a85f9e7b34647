"""Splat objects: point clouds with Blender 5.3's splat attributes, on every version.

So a file saved today opens natively in 5.3. Before 5.3 Blender sees plain points, and `viewport` draws the splats.

    position FLOAT_VECTOR       means, in the file's own space: axis conversions sit in the object's matrix
    scale FLOAT_VECTOR          linear standard deviations
    rotation QUATERNION         wxyz, normalised
    radiance:base FLOAT4        sh0 and, fourth, the opacity 0..1 (FLOAT_COLOR where there is no FLOAT4)
    radiance:sh_0.. FLOAT_VECTOR  the higher spherical harmonics
    .selection BOOLEAN          Blender's own selection; as in Blender, no such attribute means all are selected
    .ludvig_row INT             row in the file, so results per row find their splats after deleting and separating
    .ludvig_hidden BOOLEAN      splats the viewport leaves out
    any FLOAT                   further PLY properties, and the scores of segments as `ludvig_<segment>`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.scene import Gaussians
from . import attributes, native
from .native import BASE

SELECTION = ".selection"
ROW = ".ludvig_row"
HIDDEN = ".ludvig_hidden"
SCHEMA = {
    "position": {"FLOAT_VECTOR"},
    "scale": {"FLOAT_VECTOR"},
    "rotation": {"QUATERNION"},
    BASE: {"FLOAT4", "FLOAT_COLOR"},
}
RESERVED = (*SCHEMA, "radius")  # a PLY property of such a name gets a prefix
SH_COUNTS = (0, 3, 8, 15, 24)  # coefficients beyond degree 0, by degree


def is_splats(thing: Any) -> bool:
    """Whether an object (or None) is a splat object."""
    return thing is not None and thing.type == "POINTCLOUD" and is_splat_cloud(thing.data)


def is_splat_cloud(cloud: Any) -> bool:
    """Whether a point cloud has the attributes that make it splats."""
    known = {a.name: a.data_type for a in cloud.attributes if a.domain == "POINT"}
    return all(known.get(name) in types for name, types in SCHEMA.items())


def splat_objects(context: Any) -> list[Any]:
    """The selected splat objects, the active one first; without any, the active one; without that, the only one."""
    active = context.view_layer.objects.active
    found = [thing for thing in context.selected_objects if is_splats(thing)]
    if is_splats(active):
        found = [active, *(thing for thing in found if thing != active)]
    if (
        not found
        and len(every := [thing for thing in context.view_layer.objects if is_splats(thing)]) == 1
    ):
        found = every
    return found


def with_uid(uid: int) -> Any:
    """The object with this session uid, or None: objects may be renamed, undone or deleted at any time."""
    return next((thing for thing in bpy.data.objects if thing.session_uid == uid), None)


def create(
    name: str,
    gaussians: Gaussians,
    *,
    rows: np.ndarray | None = None,
    extras: Mapping[str, np.ndarray] | None = None,
) -> Any:
    """A new splat object with these Gaussians, in no collection yet. Nothing of it is selected.

    `rows` are their rows in the file, if not all are here.
    """
    cloud = _new_cloud(name, len(gaussians))
    write(cloud, gaussians)
    attributes.put(cloud, ROW, "INT", np.arange(len(gaussians)) if rows is None else rows)
    set_selection(cloud, np.zeros(len(gaussians), bool))
    for extra, values in (extras or {}).items():
        attributes.put(cloud, f"ply_{extra}" if extra in RESERVED else extra, "FLOAT", values)
    thing = bpy.data.objects.new(name, cloud)
    native.convert(thing)
    return thing


def _new_cloud(name: str, size: int) -> Any:
    cloud = bpy.data.pointclouds.new(name)
    if size == 0:
        return cloud
    if hasattr(cloud, "resize"):  # from 5.1
        cloud.resize(size)
        return cloud
    bpy.data.pointclouds.remove(cloud)
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(size)
    carrier = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(carrier)
    chosen = {"selected_objects": [carrier], "selected_editable_objects": [carrier]}
    with bpy.context.temp_override(object=carrier, active_object=carrier, **chosen):
        bpy.ops.object.convert(target="POINTCLOUD")
    cloud = carrier.data
    bpy.data.objects.remove(carrier)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    attributes.drop(cloud, ".select_vert")  # the mesh's
    cloud.name = name
    return cloud


def sh_count(cloud: Any) -> int:
    """How many coefficients beyond degree 0 the cloud has: 0, 3, 8, 15 or 24."""
    present = 0
    while f"radiance:sh_{present}" in cloud.attributes:
        present += 1
    return max(count for count in SH_COUNTS if count <= present)


def read(cloud: Any) -> Gaussians:
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


def required(cloud: Any, name: str, memory: np.ndarray | None = None) -> np.ndarray:
    """The values of an attribute of the schema, in `memory` if given. Raises `EngineError` if the cloud lacks it."""
    values = attributes.get(cloud, name, memory)
    if values is None:
        raise EngineError(
            "bad_input",
            f'"{cloud.name}" is not a splat object: it has no attribute "{name}".',
            [
                Fix(
                    "Import a splat file, or use Object > Convert > Splats from Attributes.",
                    "import_splats",
                )
            ],
        )
    return values


def write(cloud: Any, gaussians: Gaussians) -> None:
    """Store Gaussians, one per point, in the order of the points."""
    attributes.put(cloud, "position", "FLOAT_VECTOR", gaussians.means)
    attributes.put(cloud, "scale", "FLOAT_VECTOR", gaussians.scales)
    attributes.put(cloud, "rotation", "QUATERNION", gaussians.quats)
    write_colors(cloud, gaussians.sh0, gaussians.shN, gaussians.opacities)


def write_colors(cloud: Any, sh0: np.ndarray, shN: np.ndarray, opacities: np.ndarray) -> None:
    """Store colours (N,1,3), (N,S,3) and opacities (N,)."""
    base = np.concatenate([sh0[:, 0], opacities[:, None]], axis=1)
    attributes.put(cloud, BASE, "FLOAT4" if attributes.has_float4() else "FLOAT_COLOR", base)
    for k in range(shN.shape[1]):
        attributes.put(cloud, f"radiance:sh_{k}", "FLOAT_VECTOR", shN[:, k])
    cloud.update_tag()


def selection(cloud: Any) -> np.ndarray:
    """Which splats are selected, (N,) bool."""
    chosen = attributes.get(cloud, SELECTION)
    return np.ones(attributes.count(cloud), bool) if chosen is None else chosen.astype(bool)


def set_selection(cloud: Any, chosen: np.ndarray) -> None:
    """Select these splats, (N,) bool, and no others."""
    attributes.put(cloud, SELECTION, "BOOLEAN", chosen)
    cloud.update_tag()


def rows(cloud: Any) -> np.ndarray:
    """The file's row of each splat, (N,) int32; duplicates share theirs."""
    known = attributes.get(cloud, ROW)
    return np.arange(attributes.count(cloud), dtype=np.int32) if known is None else known


def extra_names(cloud: Any) -> list[str]:
    """The FLOAT attributes that belong to no schema: further PLY properties and the scores of segments."""
    return [
        name
        for name in attributes.names(cloud, "FLOAT")
        if not name.startswith(".") and name not in RESERVED
    ]


def identity(cloud: Any) -> str:
    """A digest of what and where the splats are (not of colours, scores and selection): 60 ms per million.

    A result that took minutes belongs to the cloud it was computed for: compare before writing it.
    """
    return digest({name: required(cloud, name) for name in SCHEMA})


def digest(values: Mapping[str, np.ndarray]) -> str:
    """What `identity` returns, of the values of all attributes of the schema; for threads, as it lets others run."""
    state = hashlib.blake2b(digest_size=16)
    for name in SCHEMA:
        state.update(np.ascontiguousarray(values[name][:, 3]) if name == BASE else values[name])
    return state.hexdigest()
