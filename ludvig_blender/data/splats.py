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
    radius FLOAT                  below 0 for splats outside of the object's box (extent.py)
    any FLOAT                     further PLY properties; scores of segments: `ludvig_<segment>`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeGuard

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.scene import Gaussians
from ..translation.say import say_report
from . import attributes, masking
from .native import BASE

if TYPE_CHECKING:
    from .types import SplatObject

SELECTION = ".selection"
ROW = ".ludvig_row"
HIDDEN = masking.HIDDEN
SCHEMA = {
    "position": {"FLOAT_VECTOR"},
    "scale": {"FLOAT_VECTOR"},
    "rotation": {"QUATERNION"},
    BASE: {"FLOAT4", "FLOAT_COLOR"},
}
BASE_TYPE = "FLOAT4" if attributes.has_float4() else "FLOAT_COLOR"
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


def remove(uid: int) -> None:
    """Remove the object with this session uid, and its points if no other object has them."""
    if (thing := with_uid(uid)) is not None:
        data = thing.data
        bpy.data.objects.remove(thing)
        if isinstance(data, bpy.types.PointCloud) and not data.users:
            bpy.data.pointclouds.remove(data)


def sh_count(cloud: bpy.types.PointCloud) -> int:
    """How many coefficients beyond degree 0 the cloud has: 0, 3, 8, 15 or 24."""
    present = 0
    while f"radiance:sh_{present}" in cloud.attributes:
        present += 1
    return max(count for count in SH_COUNTS if count <= present)


def read(cloud: bpy.types.PointCloud, *, harmonics: bool = True) -> Gaussians:
    """The Gaussians of a point cloud, original or evaluated, in its order and space.

    Without `harmonics`, they have one color from all sides, and are read four times as fast.
    """
    base = required(cloud, BASE)
    size, coefficients = len(base), sh_count(cloud) if harmonics else 0
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
            say_report(
                '"{name}" is not a splat object: it has no attribute "{attribute}".',
                name=cloud.name,
                attribute=name,
            ),
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
