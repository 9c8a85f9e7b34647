"""The splat objects that are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import bpy
import numpy as np

from ..data import capture, native, properties, splats
from ..maths.lens import USUAL, Trained
from . import reader
from .cloud import Cloud
from .colors import Style
from .instances import Instances
from .intake import Intake

if TYPE_CHECKING:
    from ..data.types import SplatObject

LIMIT = 2**24  # splats: a float32 cannot count more


@dataclass(frozen=True)
class Item:
    """A splat object in a view."""

    uid: int
    cloud: Cloud
    style: Style
    world: np.ndarray  # (4, 4)
    index: int  # among the uploaded objects
    first: int  # index of its first splat among those uploaded
    trained: Trained = USUAL
    # Whether Blender draws it too. Then we add only the selection, or the colors of a display mode.
    native: bool = False
    # The corners (8, 4) in the world of the box that Blender draws; None if it draws none.
    box: np.ndarray | None = None
    chosen: bool = False  # whether the object is selected


def drawn(
    context: bpy.types.Context, intake: Intake, instances: Instances
) -> tuple[list[Item], list[Item]]:
    """All splat objects that are drawn, in the order of upload, and those in this region."""
    every: list[Item] = []
    here: list[Item] = []
    first = 0
    space, scene = cast("bpy.types.SpaceView3D", context.space_data), context.scene
    assert scene is not None
    for thing, world, shown in _places(context, space, instances):
        blenders = native.draws(thing, space, scene)
        if not blenders and properties.drawing(scene).show == "NONE":
            continue
        cloud = intake.cloud(thing)
        flat = abs(np.linalg.det(world[:3, :3])) < 1e-30
        if cloud is None or not len(cloud.snapshot) or flat:
            continue
        style = reader.style(thing)
        about = (len(every), first, capture.trained(thing))
        box, chosen = _box(thing, world), thing.select_get()
        drawn_as = (thing.session_uid, cloud, style, world, *about)
        every.append(Item(*drawn_as, native=blenders, box=box, chosen=chosen))
        first += len(cloud.snapshot)
        if shown:
            here.append(every[-1])
    if first > LIMIT:
        raise ValueError(
            f"{first:,} splats are visible, but at most {LIMIT:,} can be drawn. Hide some objects."
        )
    return every, here


def _box(thing: SplatObject, world: np.ndarray) -> np.ndarray | None:
    if thing.display_type != "BOUNDS":
        return None
    return np.array([[*corner, 1] for corner in thing.bound_box]) @ world.T


def _places(
    context: bpy.types.Context, space: bpy.types.SpaceView3D, instances: Instances
) -> Iterator[tuple[SplatObject, np.ndarray, bool]]:
    """Where there are splats, instances last: the object, its world matrix, whether in `space`."""
    instancers = []
    for thing in context.view_layer.objects:
        if splats.is_splats(thing):
            if thing.visible_get():
                world = np.array(thing.matrix_world, np.float64)
                yield thing, world, thing.visible_in_viewport_get(space)
        elif thing.data is None and instances.may_be_at(thing):  # only empties instance collections
            instancers.append(thing)
    for instancer in instancers:
        if instancer.visible_get():
            shown = instancer.visible_in_viewport_get(space)
            for thing, world in instances.of(instancer):
                yield thing, world, shown
