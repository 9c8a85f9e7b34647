"""Geometry attributes as NumPy arrays: the same for point clouds and meshes, original and evaluated.

All access is a bulk copy (`foreach_get`, `foreach_set`): 0.2 ms per million floats, but up to 10 ms into memory that
nobody has touched before, which the system hands out page by page; where that matters, another thread prepares it.
`Attribute.data` of one name must be looked up again after `attributes.new`, which may move every other attribute.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

# Attribute type -> the property that holds the value, numbers per element, NumPy type.
_LAYOUT: dict[str, tuple[str, int, type]] = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "BOOLEAN": ("value", 1, np.bool_),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "QUATERNION": ("value", 4, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "FLOAT4": ("vector", 4, np.float32),  # from 5.2
}


def has_float4() -> bool:
    """Whether this Blender has FLOAT4 attributes (from 5.2)."""
    return hasattr(bpy.types, "Float4Attribute")


def count(geometry: Any) -> int:
    """How many points a point cloud has, or vertices a mesh."""
    return geometry.attributes.domain_size("POINT")


def names(geometry: Any, *types: str) -> list[str]:
    """The point attributes of these types (all that `get` understands, if none is given)."""
    wanted = types or tuple(_LAYOUT)
    return [a.name for a in geometry.attributes if a.domain == "POINT" and a.data_type in wanted]


def nbytes(geometry: Any, name: str) -> int:
    """The size of what `get` returns; 0 if it is nothing."""
    attribute = geometry.attributes.get(name)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type not in _LAYOUT:
        return 0
    _, width, kind = _LAYOUT[attribute.data_type]
    return count(geometry) * width * np.dtype(kind).itemsize


def prepare(nbytes: int) -> np.ndarray:
    """Memory for `get`. Any thread, best not the main one."""
    memory = np.empty(nbytes, np.uint8)
    memory.fill(0)
    return memory


def get(geometry: Any, name: str, memory: np.ndarray | None = None) -> np.ndarray | None:
    """The values, (N,) or (N, 2..4); None if there is no such point attribute.

    They are put into `memory`, if it is of `nbytes`.
    """
    attribute = geometry.attributes.get(name)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type not in _LAYOUT:
        return None
    field, width, kind = _LAYOUT[attribute.data_type]
    size = count(geometry)
    if memory is None or memory.nbytes != nbytes(geometry, name):
        memory = np.empty(nbytes(geometry, name), np.uint8)
    values = memory.view(kind).reshape((size, width) if width > 1 else size)
    if size:
        attribute.data.foreach_get(field, values.reshape(-1))
    return values


def put(geometry: Any, name: str, type_: str, values: np.ndarray) -> None:
    """Create or overwrite a point attribute; one of another type or domain is replaced."""
    attribute = geometry.attributes.get(name)
    if attribute is not None and (attribute.data_type != type_ or attribute.domain != "POINT"):
        geometry.attributes.remove(attribute)
        attribute = None
    if attribute is None:
        # Blender would call a second one "name.001" and say nothing, if the name is too long or taken.
        created = geometry.attributes.new(name, type_, "POINT").name
        if created != name:
            geometry.attributes.remove(geometry.attributes[created])
            raise ValueError(f'Blender does not take "{name}" as the name of an attribute')
    field, width, kind = _LAYOUT[type_]
    size = count(geometry)
    flat = np.ascontiguousarray(values, kind).reshape(-1)
    if flat.size != size * width:
        raise ValueError(f"{name}: {flat.size} numbers for {size} points of {width}")
    if size:
        geometry.attributes[name].data.foreach_set(field, flat)


def drop(geometry: Any, name: str) -> None:
    """Remove an attribute if it is there."""
    if (attribute := geometry.attributes.get(name)) is not None:
        geometry.attributes.remove(attribute)
