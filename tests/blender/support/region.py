"""A region of the 3D viewport that needs no window."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import gpu
import numpy as np
from mathutils import Matrix
from waiting import wait_for

from extension import blender_module

WIDTH, HEIGHT = 90, 60


class Region:
    """A 3D view's region that draws offscreen and runs the display's timer."""

    def __init__(self):
        gpu.init()
        self.display = blender_module("ludvig_blender.viewport.display").Display()
        blender_module(
            "ludvig_blender.viewport"
        )._display = self.display  # handlers and operators speak to this one
        self.offscreen = gpu.types.GPUOffScreen(WIDTH, HEIGHT, format="RGBA32F")
        self.view = Matrix.Translation((0, 0, -6))
        screens = (
            area for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"
        )
        self.space = next(screens).spaces.active
        self.marker = SimpleNamespace(width=WIDTH, height=HEIGHT, as_pointer=lambda: 1)
        near = 0.1
        far = 100
        f = 1.7
        depth = [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)]
        self.projection = [[f * HEIGHT / WIDTH, 0, 0, 0], [0, f, 0, 0], depth, [0, 0, -1, 0]]

    def draw(self):
        """One frame: premultiplied linear color and alpha (H, W, 4)."""
        bpy.context.view_layer.update()
        projection = Matrix(self.projection)
        context = SimpleNamespace(
            region=self.marker,
            region_data=SimpleNamespace(view_matrix=self.view, window_matrix=projection),
            scene=bpy.context.scene,
            view_layer=bpy.context.view_layer,
            space_data=self.space,
            workspace=None,
        )
        with self.offscreen.bind(), gpu.matrix.push_pop(), gpu.matrix.push_pop_projection():
            gpu.matrix.load_matrix(self.view)
            gpu.matrix.load_projection_matrix(projection)
            gpu.state.active_framebuffer_get().clear(color=(0, 0, 0, 0), depth=1.0)
            self.display.draw(context)
        data = self.offscreen.texture_color.read()
        data.dimensions = WIDTH * HEIGHT * 4
        return np.array(data).reshape(HEIGHT, WIDTH, 4)

    def settled(self):
        """Draw and let the timer run until nothing is under way; the last frame."""
        idle, frame = 0, None

        def turn():
            nonlocal idle, frame
            frame = self.draw()
            idle = idle + 1 if self.display._pump() is None else 0

        # A result that arrives may ask for more at the next draw.
        assert wait_for(lambda: idle >= 3, turn)
        return frame
