"""A picture of a scene with its splats: what the camera sees of splats and meshes, and the passes.

Splats are blended up to the depth of the mesh in each pixel. They get no light from the scene and
throw no shadows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, cast

import bpy

from ..translation.say import say_report

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import SplatObject
    from ..maths.lens import Lens
    from ..viewport.picture import Shot

MASKS = 3  # that are drawn at once, one for each of red, green and blue


@dataclass(frozen=True)
class Picture:
    """What a camera sees, top row first."""

    shown: np.ndarray  # (H, W, 4) as on the screen: sRGB, not premultiplied
    # By their names "Pass.Channel", (H, W) each: "Combined" is linear and premultiplied, "Depth" is
    # along the viewing direction, and each segment has one with how much of a pixel it is.
    passes: dict[str, np.ndarray]


def take(context: bpy.types.Context, *, passes: bool) -> Picture:
    """What the scene's camera sees. Raises `EngineError` if this Blender cannot draw or render."""
    from ..data import splats
    from ..maths import layers
    from ..viewport import picture
    from . import blender_render

    scene, layer = context.scene, context.view_layer
    assert scene is not None and layer is not None and scene.camera is not None
    depsgraph = context.evaluated_depsgraph_get()
    lens = picture.camera_lens(scene.camera, scene, depsgraph)
    everything = cast("list[SplatObject]", layer.objects)
    objects = [thing for thing in everything if splats.is_splats(thing) and thing.visible_get()]
    shot = _shot(objects, lens)
    solid = blender_render.rendered(scene, layer, objects, (lens.height, lens.width))
    shot.limit(solid.depth)
    before, behind = shot.drawn(1), shot.drawn(-1)

    def together(*front_to_back: np.ndarray) -> np.ndarray:
        world = [] if scene.render.film_transparent else [front_to_back[-1]]
        return reduce(layers.over, [*front_to_back[:-1], *world])

    # As on the screen: Blender's colors through the view transform, and splats as trained.
    meshes, world = (blender_render.viewed(scene, part) for part in (solid.color, solid.world))
    shown = layers.straight(together(before.color, meshes, behind.color, world))
    if not passes:
        return Picture(shown, {})
    light = together(
        layers.linear(before.color), solid.color, layers.linear(behind.color), solid.world
    )
    depth = layers.depth([before, layers.Layer(solid.color, solid.depth), behind])
    channels = {f"Combined.{name}": light[..., n] for n, name in enumerate("RGBA")}
    channels["Depth.Z"] = depth
    clear = (1 - before.color[..., 3]) * (1 - solid.color[..., 3])
    for name, near, far in _masks(shot):
        channels[f"{name}.X"] = near + clear * far
    return Picture(shown, channels)


def _masks(shot: Shot) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """How much of each pixel is of a segment before the meshes and behind them, with its pass.

    Segments of the same name in several objects share a pass.
    """
    names = list(dict.fromkeys(one.name for thing in shot.things for one in thing.ludvig.segments))
    for start in range(0, len(names), MASKS):
        some = names[start : start + MASKS]
        members = [[_members(thing, name) for thing in shot.things] for name in some]
        near, far = shot.mask(members, 1), shot.mask(members, -1)
        for n, name in enumerate(some):
            # In a file, dots part layers from passes.
            yield name.replace(".", "_"), near[..., n], far[..., n]


def _members(thing: SplatObject, name: str) -> np.ndarray:
    """Which splats, as the modifiers leave them, belong to the segment of a name, (N,) bool."""
    import numpy as np

    from ..data import attributes
    from ..viewport import reader

    cloud, segment = reader.evaluated(thing), thing.ludvig.segments.get(name)
    assert cloud is not None  # as the shot shows it
    values = attributes.get(cloud, segment.attribute) if segment else None
    if segment is None or values is None:
        return np.zeros(attributes.count(cloud), bool)
    return values > np.float32(segment.threshold)


def _shot(objects: list[SplatObject], lens: Lens) -> Shot:
    import gpu

    from ...ludvig_engine.errors import EngineError
    from ..viewport import picture

    try:
        if bpy.app.background and hasattr(gpu, "init"):  # since Blender 5.2
            gpu.init()
        return picture.Shot(objects, lens)
    # Blender raises this if "GPU functions for drawing are not available in background mode".
    except SystemError as error:
        raise EngineError(
            "no_gpu",
            say_report("This Blender cannot draw without a window: {error}.", error=error),
            ["Use Blender 5.2 or later, or do not start Blender with -b."],
        ) from error
