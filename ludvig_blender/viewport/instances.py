"""Splats that are drawn where an empty instances their collection.

Only collections are looked into that hold splats, which is found out once: a scene without such
instances pays for no more than asking each object whether it instances a collection. Instances that
Geometry Nodes makes, and those on vertices and faces, are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ..data import splats

if TYPE_CHECKING:
    from ..data.types import SplatObject

DEEPEST = 8  # instances within instances, as Blender has them


class Instances:
    """What is known of collections, by session uid, until one of them changes."""

    def __init__(self) -> None:
        self._without: set[int] = set()  # collections that hold no splats

    def changed(self, depsgraph: bpy.types.Depsgraph | None = None) -> None:
        """Look into collections again if Blender says that some have changed; None: in any case."""
        if (
            depsgraph is None
            or depsgraph.id_type_updated("COLLECTION")
            or depsgraph.id_type_updated("POINTCLOUD")
        ):
            self._without.clear()

    def may_be_at(self, thing: bpy.types.Object) -> bool:
        """Whether an object may instance splats: 1 us per object that instances other things."""
        collection = thing.instance_collection
        if collection is None or collection.session_uid in self._without:
            return False
        return thing.instance_type == "COLLECTION"

    def of(self, instancer: bpy.types.Object) -> Iterator[tuple[SplatObject, np.ndarray]]:
        """The splat objects that an object instances, each with the world matrix (4, 4) there."""
        yield from self._within(instancer, np.array(instancer.matrix_world, np.float64), DEEPEST)

    def _within(
        self, instancer: bpy.types.Object, world: np.ndarray, deepest: int
    ) -> Iterator[tuple[SplatObject, np.ndarray]]:
        collection = instancer.instance_collection
        if collection is None or not deepest or not self.may_be_at(instancer):
            return
        origin = np.eye(4)
        origin[:3, 3] = -np.array(collection.instance_offset, np.float64)
        depsgraph = bpy.context.evaluated_depsgraph_get()
        some = False
        for thing in _objects(collection):
            if not (splats.is_splats(thing) or thing.instance_type == "COLLECTION"):
                continue
            here = world @ origin @ np.array(thing.evaluated_get(depsgraph).matrix_world)
            if splats.is_splats(thing):
                some = True
                yield thing, here
            else:
                for found in self._within(thing, here, deepest - 1):
                    some = True
                    yield found
        if not some:
            self._without.add(collection.session_uid)


def _objects(collection: bpy.types.Collection) -> Iterator[bpy.types.Object]:
    """The objects of a collection and of those in it that viewports show."""
    yield from (thing for thing in collection.objects if not thing.hide_viewport)
    for child in collection.children:
        if not child.hide_viewport:
            yield from _objects(child)
