"""Geometry attributes as NumPy arrays, for point clouds and meshes, original and evaluated.

All access is a bulk copy (`foreach_get`, `foreach_set`). It takes 0.2 ms per million floats, but up
to 10 ms into newly allocated memory, which the system hands out page by page at the first touch.
Where that matters, another thread touches the memory first (`prepare`). After `attributes.new`,
which may move every other attribute, look up `Attribute.data` again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy
import numpy as np

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import AttributeTypeItems

    from .types import Attribute, Geometry

# Attribute type -> the property that holds the value, numbers per element, NumPy type.
_LAYOUT: dict[str, tuple[str, int, type]] = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "INT8": ("value", 1, np.int8),
    "INT32_2D": ("value", 2, np.int32),
    "BOOLEAN": ("value", 1, np.bool_),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "QUATERNION": ("value", 4, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
    "FLOAT4X4": ("value", 16, np.float32),
    "FLOAT4": ("vector", 4, np.float32),  # from 5.2
}


def has_float4() -> bool:
    """Whether this Blender has FLOAT4 attributes (from 5.2)."""
    return hasattr(bpy.types, "Float4Attribute")


def count(geometry: Geometry) -> int:
    """How many points a point cloud has, or vertices a mesh."""
    return geometry.attributes.domain_size("POINT")


def names(geometry: Geometry, *types: str) -> list[str]:
    """The point attributes of these types; without types, all that `get` can read."""
    wanted = types or tuple(_LAYOUT)
    return [a.name for a in geometry.attributes if a.domain == "POINT" and a.data_type in wanted]


def nbytes(geometry: Geometry, name: str) -> int:
    """The size of what `get` returns; 0 if it returns None."""
    attribute = _readable(geometry, name)
    if attribute is None:
        return 0
    _, width, kind = _LAYOUT[attribute.data_type]
    return count(geometry) * width * np.dtype(kind).itemsize


def prepare(nbytes: int) -> np.ndarray:
    """Memory for `get`. Callable from any thread; it is slow, so best not from the main one."""
    memory = np.empty(nbytes, np.uint8)
    memory.fill(0)
    return memory


def get(geometry: Geometry, name: str, memory: np.ndarray | None = None) -> np.ndarray | None:
    """The values, (N,) or (N, 2..16); None if there is no such point attribute.

    They are written into `memory` if it has the size that `nbytes` says.
    """
    attribute = _readable(geometry, name)
    if attribute is None:
        return None
    field, width, kind = _LAYOUT[attribute.data_type]
    size = count(geometry)
    if memory is None or memory.nbytes != nbytes(geometry, name):
        memory = np.empty(nbytes(geometry, name), np.uint8)
    values: np.ndarray = memory.view(kind).reshape((size, width) if width > 1 else size)
    if size:
        attribute.data.foreach_get(field, values.reshape(-1))
    return values


def put(geometry: Geometry, name: str, type_: str, values: np.ndarray) -> None:
    """Create or overwrite a point attribute; one of another type or domain is replaced."""
    attribute = _find(geometry, name)
    if attribute is not None and (attribute.data_type != type_ or attribute.domain != "POINT"):
        geometry.attributes.remove(attribute)
        attribute = None
    if attribute is None:
        attribute = _new(geometry, name, type_)
    field, width, _ = _LAYOUT[type_]
    size = count(geometry)
    flat = packed(values, type_).reshape(-1)
    if flat.size != size * width:
        raise ValueError(f"{name}: {flat.size} numbers for {size} points of {width}")
    if size:
        attribute.data.foreach_set(field, flat)


def packed(values: np.ndarray, type_: str) -> np.ndarray:
    """The values as `put` copies them; copied only if they are not. Callable from any thread."""
    with np.errstate(over="ignore"):  # a double beyond float32 becomes infinite
        return np.ascontiguousarray(values, _LAYOUT[type_][2])


def drop(geometry: Geometry, name: str) -> None:
    """Remove an attribute if it is there."""
    if (attribute := _find(geometry, name)) is not None:
        geometry.attributes.remove(attribute)


def _new(geometry: Geometry, name: str, type_: str) -> Attribute:
    """A new point attribute of exactly this name.

    If a name is too long or taken, Blender makes an attribute of another name and says nothing.
    """
    made = geometry.attributes.new(name, cast("AttributeTypeItems", type_), "POINT").name
    if made != name:
        geometry.attributes.remove(geometry.attributes[made])
        raise ValueError(f'Blender does not take "{name}" as the name of an attribute')
    return cast("Attribute", geometry.attributes[name])


def _find(geometry: Geometry, name: str) -> Attribute | None:
    return cast("Attribute | None", geometry.attributes.get(name))


def _readable(geometry: Geometry, name: str) -> Attribute | None:
    """A point attribute of a type in `_LAYOUT`."""
    attribute = _find(geometry, name)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type not in _LAYOUT:
        return None
    return attribute
