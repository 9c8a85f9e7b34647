"""What the painter draws for a view: all splats, and over them those that are lit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..maths.lens import Lens
from . import boxes, painter
from .items import Item
from .view import Key, View

if TYPE_CHECKING:
    import gpu

    from .hover import Lit

# Color and strength of what the mouse rests on.
LIGHT = (1.0, 1.0, 1.0, 0.12)


class Canvas:
    """The painter, and what all views have uploaded together."""

    def __init__(self) -> None:
        self._painter, self._uploads = painter.Painter(), painter.Uploads()

    def paint(
        self,
        view: View,
        lens: Lens,
        every: list[Item],
        layout: Key,
        states: Key,
        tint: tuple[float, float, float, float],
        scale: float,
    ) -> None:
        """Draw the splats of a view into its target."""
        assert view.order is not None and view.colors is not None
        clouds = [item.cloud for item in every]
        self._uploads.renew("geometry_tex", layout, lambda: painter.geometry(clouds), "RGBA32F")
        self._uploads.renew(
            "state_tex", (layout, states), lambda: [c.state[:, None] for c in clouds], "R32F"
        )
        if view.order_texture is None:
            view.order_texture = painter.texture([view.order], "R32F")
        if view.color_texture is None:
            view.color_texture = painter.texture([view.colors], "RGBA16F")
        view.target = painter.fitting(view.target, *lens.size(scale))
        own = {"order_tex": view.order_texture, "color_tex": view.color_texture}
        over = [(item.native, item.native and item.style.mode == "COLOR") for item in every]
        textures = own | self._textures(lens, every, over)
        self._painter.draw(view.target, lens.uniforms(tint, scale), textures, view.count)

    def show(self, target: painter.Target, uniforms: np.ndarray) -> None:
        """Lay what was drawn over Blender's picture."""
        self._painter.composite(target, uniforms)

    def cover(
        self, target: painter.Target, uniforms: np.ndarray, lens: Lens, items: list[Item]
    ) -> None:
        """Put the lines of boxes that say nothing behind what was drawn."""
        if not (unwanted := boxes.unwanted(items)):
            return
        strips = boxes.strips(lens, unwanted)
        if len(strips):  # else all are behind the camera
            self._painter.cover(target, uniforms, strips)

    def light(self, view: View, lens: Lens, every: list[Item], lit: Lit) -> None:
        """Outline and brighten these splats alone, where nothing nearer hides them.

        It costs as much as drawing so few splats; while nothing changes, only a second pass runs.
        """
        items = [item for item in every if item.uid == lit.uid]
        same = [item for item in items if item.cloud.geometry_version == lit.geometry_version]
        if not same or view.color_texture is None or not len(lit.rows):
            return
        key = (view.pose, lit, tuple(item.first for item in same))
        if view.lit != key:
            view.light = painter.fitting(view.light, lens.width, lens.height)
            order = np.concatenate([item.first + lit.rows for item in same])[:, None]
            own = {
                "order_tex": painter.texture([order], "R32F"),
                "color_tex": view.color_texture,
            }
            textures = own | self._textures(lens, every, [(True, True)] * len(every))
            uniforms = lens.uniforms(LIGHT, selected=True)
            self._painter.draw(view.light, uniforms, textures, len(order))
            view.lit = key
        assert view.light is not None
        self._painter.composite(view.light, lens.uniforms(LIGHT, selected=True))

    def _textures(
        self, lens: Lens, every: list[Item], over: list[tuple[bool, bool]]
    ) -> dict[str, gpu.types.GPUTexture]:
        worlds, trained = [item.world for item in every], [item.trained for item in every]
        objects = painter.objects_texture(lens, worlds, trained, over)
        return {**self._uploads.textures, "objects_tex": objects}
