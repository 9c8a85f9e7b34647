"""Render > Render Splats: what the scene's camera sees of the splats, as an image (F12 leaves them out)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

IMAGE = "Splats"


class RenderSplats(bpy.types.Operator):
    """Draw the visible splats as the scene's camera sees them, at the render resolution"""

    bl_idname = "ludvig.render_image"
    bl_label = "Render Splats"
    bl_options = {"REGISTER"}  # noqa: RUF012

    filepath: StringProperty(
        name="File", description="Where to save the picture as PNG; empty: only in Blender", subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )  # fmt: skip
    animation: BoolProperty(
        name="Animation",
        description="All frames of the scene, numbered, into the output folder",
        default=False,
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        if context.scene.camera is None:
            cls.poll_message_set("The scene has no camera")
            return False
        if not bpy.data.pointclouds:
            cls.poll_message_set("There are no splats: import a splat file first")
            return False
        return True

    def invoke(self, context: Any, _event: Any) -> set[str]:
        done = self.execute(context)
        if "FINISHED" in done and not self.animation:
            _show(context)
        return done

    def execute(self, context: Any) -> set[str]:
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
        messages.clear()
        self.report({"INFO"}, f"Rendered {image.size[0]} x {image.size[1]} pixels")
        return {"FINISHED"}

    def _frames(self, context: Any) -> set[str]:
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
        self.report({"INFO"}, f"Rendered {len(frames)} frames")
        return {"FINISHED"}


def render(context: Any) -> Any:
    """The image "Splats" with what the scene's camera sees. Raises `EngineError` if this Blender cannot draw."""
    import gpu
    import numpy as np

    from ...ludvig_engine.errors import EngineError
    from ..data import splats
    from ..viewport import picture

    depsgraph = context.evaluated_depsgraph_get()
    lens = picture.camera_lens(context.scene.camera, context.scene, depsgraph)
    objects = [
        thing
        for thing in context.view_layer.objects
        if splats.is_splats(thing) and thing.visible_get()
    ]
    try:
        if bpy.app.background and hasattr(gpu, "init"):  # from 5.2
            gpu.init()
        pixels = picture.render(objects, lens)
    except SystemError as error:  # "GPU functions for drawing are not available in background mode"
        raise EngineError(
            "no_gpu",
            f"This Blender cannot draw without a window: {error}.",
            ["Use Blender 5.2 or later, or a window."],
        ) from error
    if not context.scene.render.film_transparent:
        world = context.scene.world
        behind = np.array(world.color if world else (0, 0, 0)) ** (1 / 2.2)
        pixels = pixels + np.append(behind, 1.0) * (1 - pixels[..., 3:])
    straight = pixels.copy()
    straight[..., :3] = np.clip(pixels[..., :3] / np.maximum(pixels[..., 3:], 1e-6), 0, 1)
    image = bpy.data.images.get(IMAGE)
    if image is None or tuple(image.size) != (lens.width, lens.height):
        if image is not None:
            bpy.data.images.remove(image)
        image = bpy.data.images.new(IMAGE, lens.width, lens.height, alpha=True)
    image.pixels.foreach_set(np.ascontiguousarray(straight[::-1], np.float32).reshape(-1))
    image.update()
    image.pack()  # so that it is saved with the .blend
    return image


def save(image: Any, path: Path) -> None:
    """Save an image as PNG. Raises `EngineError`."""
    from ...ludvig_engine.errors import EngineError

    copy = image.copy()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        copy.file_format = "PNG"
        copy.save(filepath=str(path))
    except (OSError, RuntimeError) as error:
        raise EngineError(
            "no_access", f"Cannot write {path}: {error}", ["Choose another folder."]
        ) from error
    finally:
        bpy.data.images.remove(copy)


def _show(context: Any) -> None:
    """Open the picture as Blender opens a render: in a window of its own."""
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.type = "IMAGE_EDITOR"
    area.spaces.active.image = bpy.data.images[IMAGE]


def _menu(self: Any, _context: Any) -> None:
    self.layout.separator()
    self.layout.operator(RenderSplats.bl_idname, icon="RENDER_STILL")


def register() -> None:
    bpy.utils.register_class(RenderSplats)
    bpy.types.TOPBAR_MT_render.append(_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_render.remove(_menu)
    bpy.utils.unregister_class(RenderSplats)
