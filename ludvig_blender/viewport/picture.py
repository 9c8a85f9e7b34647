"""Splats as a picture of a camera, outside the viewport: drawn at once and in full precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..data import attributes, capture
from ..maths.layers import Layer
from ..maths.lens import Lens
from . import colors, painter, reader
from .cloud import Cloud, update
from .order import Part, back_to_front

if TYPE_CHECKING:
    import bpy
    import gpu

    from ..data.types import SplatObject

Tint = tuple[float, float, float, float]
NO_TINT: Tint = (0.0, 0.0, 0.0, 0.0)


def packed(thing: SplatObject) -> Cloud | None:
    """A splat object as it is now, with its harmonics. None if its modifiers leave no splats."""
    cloud = reader.evaluated(thing)
    if cloud is None:
        return None
    bands: list[np.ndarray] = []
    while (band := attributes.get(cloud, reader.band_name(len(bands)))) is not None:
        bands.append(band)
    return update(None, reader.snapshot(thing, cloud)).with_bands(bands)


class Shot:
    """Splat objects as a lens sees them, on the GPU, to be drawn in several ways."""

    def __init__(self, objects: list[SplatObject], lens: Lens) -> None:
        self.lens = lens
        self._found = [
            (thing, cloud)
            for thing in objects
            if (cloud := packed(thing)) is not None and len(cloud.snapshot)
        ]
        self._count = sum(len(cloud.snapshot) for _, cloud in self._found)
        if not self._count:
            return
        self._painter = painter.Painter()
        self._target = painter.Target(lens.width, lens.height, precise=True)
        worlds = [np.array(thing.matrix_world, np.float64) for thing, _ in self._found]
        clouds = [cloud for _, cloud in self._found]
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
            for (thing, cloud), world in zip(self._found, worlds, strict=True)
        ]
        self._textures = {
            "geometry_tex": painter.texture(painter.geometry(clouds), "RGBA32F"),
            "state_tex": painter.texture([cloud.state[:, None] for cloud in clouds], "R32F"),
            "order_tex": painter.texture([order[:, None]], "R32F"),
            "color_tex": painter.texture(shown, "RGBA32F"),
            "objects_tex": painter.objects_texture(
                lens, worlds, [capture.trained(thing) for thing, _ in self._found]
            ),
        }

    def limit(self, depths: np.ndarray) -> None:
        """Set the depth (H, W) of each pixel, top row first, that splats may be before or behind.

        It is along the viewing direction. A splat counts as being at its center.
        """
        if self._count:
            flat = np.ascontiguousarray(depths[::-1], np.float32).reshape(-1)
            self._textures["limit_tex"] = painter.plane(flat, self.lens.width, self.lens.height)

    def drawn(self, side: int = 0, tint: Tint = NO_TINT) -> Layer:
        """The splats before the limit (1), behind it (-1), or all: premultiplied sRGB."""
        return self._draw({}, side, tint)

    def mask(self, members: Sequence[Sequence[np.ndarray]], side: int = 0) -> np.ndarray:
        """How much of each pixel (H, W, M) is of each of up to three sets of splats.

        A set is a mask (N,) for each object in `things`.
        """
        values = [
            np.stack([*of_object, *[np.zeros(len(of_object[0]))] * (4 - len(of_object))], axis=1)
            for of_object in zip(*members, strict=True)
        ]
        textures = {}
        if self._count:
            columns = [one.astype(np.float32) for one in values]
            textures["color_tex"] = painter.texture(columns, "RGBA32F")
        return self._draw(textures, side, NO_TINT).color[..., : len(members)]

    @property
    def things(self) -> list[SplatObject]:
        """The objects that are drawn."""
        return [thing for thing, _ in self._found]

    def _draw(self, other: dict[str, gpu.types.GPUTexture], side: int, tint: Tint) -> Layer:
        height, width = self.lens.height, self.lens.width
        if not self._count:
            return Layer(np.zeros((height, width, 4), np.float32), np.zeros((height, width)))
        uniforms = self.lens.uniforms(tint, side=side)
        self._painter.draw(self._target, uniforms, self._textures | other, self._count)
        return Layer(self._target.pixels()[::-1], self._target.depths()[::-1])


def render(objects: list[SplatObject], lens: Lens, tint: Tint = NO_TINT) -> np.ndarray:
    """Splat objects seen through a lens: premultiplied sRGB and alpha (H, W, 4), top row first."""
    return Shot(objects, lens).drawn(tint=tint).color


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
