"""Render > Render Splats: an image of the splats as the scene's camera sees them.

Blender's own renders (F12) leave splats out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import BoolProperty, StringProperty

from ..translation.say import say_report
from . import menus

if TYPE_CHECKING:
    from ..data.types import Outcome, SplatObject


IMAGE = "Splats"  # the name of the image


class RenderSplats(bpy.types.Operator):
    """Draw the visible splats as the scene's camera sees them, at the render resolution"""

    bl_idname = "ludvig.render_image"
    bl_label = "Render Splats"
    bl_options = {"REGISTER"}  # noqa: RUF012

    filepath: StringProperty(
        name="File",
        description="Where to save the picture as PNG. If empty, it is kept in Blender only",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    animation: BoolProperty(
        name="Animation",
        description="Render all frames of the scene, as numbered files in the output folder",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.scene.camera is None:
            cls.poll_message_set("The scene has no camera")
            return False
        if not bpy.data.pointclouds:
            cls.poll_message_set("There are no splats: import a splat file first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        done = self.execute(context)
        if "FINISHED" in done and not self.animation:
            _show(context)
        return done

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages

        if self.animation:
            return self._frames(context)
        try:
            image = render(context)
            if self.filepath:
                save(image, Path(bpy.path.abspath(self.filepath)))
        except EngineError as error:
            return messages.fail(self, error)
        # Any, because the stub forgets that a size can be indexed.
        size: Any = image.size
        messages.clear()
        told = say_report("Rendered {width} x {height} pixels", width=size[0], height=size[1])
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def _frames(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages

        scene, manager = context.scene, context.window_manager
        start = scene.frame_current
        frames = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
        manager.progress_begin(0, len(frames))
        try:
            for done, frame in enumerate(frames):
                manager.progress_update(done)
                scene.frame_set(frame)
                path = Path(self.filepath or scene.render.frame_path(frame=frame)).with_suffix(
                    ".png"
                )
                if self.filepath:
                    path = path.with_stem(f"{path.stem}{frame:04}")
                save(render(context), Path(bpy.path.abspath(str(path))))
        except EngineError as error:
            return messages.fail(self, error)
        finally:
            manager.progress_end()
            scene.frame_set(start)
        self.report({"INFO"}, say_report("Rendered {count} frames", count=len(frames)))
        return {"FINISHED"}


def render(context: bpy.types.Context) -> bpy.types.Image:
    """Draw what the scene's camera sees into the image "Splats".

    Raises `EngineError` if this Blender cannot draw.
    """
    import gpu
    import numpy as np

    from ...ludvig_engine.errors import EngineError
    from ..data import splats
    from ..viewport import picture

    scene = context.scene
    assert scene is not None and scene.camera is not None  # as `poll` has checked
    depsgraph = context.evaluated_depsgraph_get()
    lens = picture.camera_lens(scene.camera, scene, depsgraph)
    everything = cast("list[SplatObject]", context.view_layer.objects)
    objects = [thing for thing in everything if splats.is_splats(thing) and thing.visible_get()]
    try:
        if bpy.app.background and hasattr(gpu, "init"):  # since Blender 5.2
            gpu.init()
        pixels = picture.render(objects, lens)
    # Blender raises this if "GPU functions for drawing are not available in background mode".
    except SystemError as error:
        raise EngineError(
            "no_gpu",
            say_report("This Blender cannot draw without a window: {error}.", error=error),
            ["Use Blender 5.2 or later, or do not start Blender with -b."],
        ) from error
    if not scene.render.film_transparent:
        color = scene.world.color if scene.world else (0, 0, 0)
        behind = np.array(color) ** (1 / 2.2)
        pixels = pixels + np.append(behind, 1.0) * (1 - pixels[..., 3:])
    straight = pixels.copy()
    straight[..., :3] = np.clip(pixels[..., :3] / np.maximum(pixels[..., 3:], 1e-6), 0, 1)
    image = bpy.data.images.get(IMAGE)
    if image is None or tuple(image.size) != (lens.width, lens.height):
        if image is not None:
            bpy.data.images.remove(image)
        image = bpy.data.images.new(IMAGE, lens.width, lens.height, alpha=True)
    # Any, because the stub lists sequences only, but arrays are taken too, and read faster.
    flat: Any = np.ascontiguousarray(straight[::-1], np.float32).reshape(-1)
    image.pixels.foreach_set(flat)
    image.update()
    image.pack()  # so that it is saved with the .blend
    return image


def save(image: bpy.types.Image, path: Path) -> None:
    """Save an image as PNG. Raises `EngineError`."""
    from ...ludvig_engine.errors import EngineError

    copy = cast("bpy.types.Image", image.copy())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copy.file_format = "PNG"
        copy.save(filepath=str(path))
    except (OSError, RuntimeError) as error:
        raise EngineError(
            "no_access",
            say_report("Cannot write {path}: {error}", path=path, error=error),
            ["Choose another folder."],
        ) from error
    finally:
        bpy.data.images.remove(copy)


def _show(context: bpy.types.Context) -> None:
    """Open the picture in a new window, as Blender does with renders."""
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.type = "IMAGE_EDITOR"
    area.spaces.active.image = bpy.data.images[IMAGE]


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.operator(RenderSplats.bl_idname, icon="RENDER_STILL")


register, unregister = menus.with_entry((RenderSplats,), bpy.types.TOPBAR_MT_render, _menu)
