"""Splats as a picture of a camera, outside the viewport: drawn at once and in full precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..data import attributes, capture
from ..maths.lens import Lens
from . import colors, painter, reader
from .cloud import Cloud, update
from .order import Part, back_to_front

if TYPE_CHECKING:
    import bpy

    from ..data.types import SplatObject


def packed(thing: SplatObject) -> Cloud | None:
    """A splat object as it is now, with its harmonics. None if its modifiers leave no splats."""
    cloud = reader.evaluated(thing)
    if cloud is None:
        return None
    bands: list[np.ndarray] = []
    while (band := attributes.get(cloud, reader.band_name(len(bands)))) is not None:
        bands.append(band)
    return update(None, reader.snapshot(thing, cloud)).with_bands(bands)


def render(
    objects: list[SplatObject],
    lens: Lens,
    tint: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
) -> np.ndarray:
    """Splat objects seen through a lens: premultiplied sRGB and alpha (H, W, 4), top row first."""
    found = [
        (thing, cloud)
        for thing in objects
        if (cloud := packed(thing)) is not None and len(cloud.snapshot)
    ]
    target = painter.Target(lens.width, lens.height, precise=True)
    if not found:
        return np.zeros((lens.height, lens.width, 4), np.float32)
    worlds = [np.array(thing.matrix_world, np.float64) for thing, _ in found]
    clouds = [cloud for _, cloud in found]
    firsts = np.cumsum([0, *(len(cloud.snapshot) for cloud in clouds)])
    parts = [
        Part(cloud.snapshot.means, lens.rows(world)[2], int(first))
        for cloud, world, first in zip(clouds, worlds, firsts, strict=False)
    ]
    order = back_to_front(parts, exact=True)
    shown = [
        colors.display(
            cloud, reader.style(thing), lens.seen_from(world), direction=lens.orthographic
        )
        for (thing, cloud), world in zip(found, worlds, strict=True)
    ]
    textures = {
        "geometry_tex": painter.texture(painter.geometry(clouds), "RGBA32F"),
        "state_tex": painter.texture([cloud.state[:, None] for cloud in clouds], "R32F"),
        "order_tex": painter.texture([order[:, None]], "R32F"),
        "color_tex": painter.texture(shown, "RGBA32F"),
        "objects_tex": painter.objects_texture(
            lens, worlds, [capture.trained(thing) for thing, _ in found]
        ),
    }
    painter.Painter().draw(target, lens.uniforms(tint), textures, len(order))
    return target.pixels()[::-1]


def camera_lens(
    camera: bpy.types.Object, scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph
) -> Lens:
    """The scene's camera at the render resolution."""
    render = scene.render
    width = max(round(render.resolution_x * render.resolution_percentage / 100), 1)
    height = max(round(render.resolution_y * render.resolution_percentage / 100), 1)
    seen = camera.evaluated_get(depsgraph)
    projection = seen.calc_matrix_camera(
        depsgraph, x=width, y=height, scale_x=render.pixel_aspect_x, scale_y=render.pixel_aspect_y
    )
    # Normalized, because the scale of a camera does not change what it sees.
    world = np.array(seen.matrix_world.normalized(), np.float64)
    return Lens(np.linalg.inv(world), np.array(projection, np.float64), width, height)
