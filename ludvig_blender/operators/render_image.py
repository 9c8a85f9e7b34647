"""Render > Render Splats: an image of the scene with its splats as its camera sees them.

Blender's own renders (F12) leave splats out before Blender 5.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import BoolProperty, StringProperty

from ..translation.say import say_report
from . import menus, polls

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import Outcome

IMAGE = "Splats"  # the name of the image


class RenderSplats(bpy.types.Operator):
    """Draw the visible splats and what Blender renders besides, as the scene's camera sees them"""

    bl_idname = "ludvig.render_image"
    bl_label = "Render Splats"
    bl_options = {"REGISTER"}  # noqa: RUF012

    filepath: StringProperty(
        name="File",
        description="Where to save the picture. If empty, it is kept in Blender only. "
        "A name that ends in .exr makes it OpenEXR, with color, depth and a mask of each segment "
        "as passes, else it is PNG",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    animation: BoolProperty(
        name="Animation",
        description="Render all frames of the scene, as numbered files in the output folder. "
        "They are OpenEXR if the output format is, else PNG",
        default=False,
        options={"SKIP_SAVE"},
    )
    ask: BoolProperty(name="Ask", description="Ask for the file", options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: StringProperty(default="*.exr;*.png", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        camera = context.scene.camera
        met = polls.met(cls, camera is not None, "The scene has no camera")
        return met and polls.any_splats(cls)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        if self.ask:
            self.filepath = self.filepath or "splats.exr"
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
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
            path = Path(bpy.path.abspath(self.filepath)) if self.filepath else None
            image = _render(context, path)
        except EngineError as error:
            return messages.fail(self, error)
        # Any, because the stub forgets that a size can be indexed.
        size: Any = image.size
        messages.clear()
        told = say_report("Rendered {width} x {height} pixels", width=size[0], height=size[1])
        self.report({"INFO"}, told)
        return {"FINISHED"}

    def _numbered(self, scene: bpy.types.Scene, frame: int) -> Path:
        """The file of a frame, in the scene's output folder unless a name is given."""
        if self.filepath:
            path = Path(bpy.path.abspath(self.filepath))
            return path.with_stem(f"{path.stem}{frame:04}")
        path = Path(bpy.path.abspath(scene.render.frame_path(frame=frame)))
        own = scene.render.file_extension
        name = path.stem if path.suffix.lower() == own else path.name
        return path.with_name(name + (".exr" if own == ".exr" else ".png"))

    def _frames(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages

        scene, manager = context.scene, context.window_manager
        assert scene is not None  # as `poll` has checked
        start = scene.frame_current
        frames = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
        manager.progress_begin(0, len(frames))
        try:
            for done, frame in enumerate(frames):
                manager.progress_update(done)
                scene.frame_set(frame)
                _render(context, self._numbered(scene, frame))
        except EngineError as error:
            return messages.fail(self, error)
        finally:
            manager.progress_end()
            scene.frame_set(start)
        self.report({"INFO"}, say_report("Rendered {count} frames", count=len(frames)))
        return {"FINISHED"}


def _render(context: bpy.types.Context, path: Path | None) -> bpy.types.Image:
    """Draw what the scene's camera sees into the image "Splats", and save it. Raises `EngineError`.

    An OpenEXR file gets the passes.
    """
    from . import blender_render, splat_picture

    passes = path is not None and path.suffix.lower() == ".exr"
    taken = splat_picture.take(context, passes=passes)
    image = _image(*taken.shown.shape[:2])
    blender_render.write(image, taken.shown)
    image.pack()  # so that it is saved with the .blend
    if path is not None:
        _save(image, path, _named(context, taken.passes))
    return image


def _named(context: bpy.types.Context, passes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    assert context.view_layer is not None
    return {f"{context.view_layer.name}.{name}": values for name, values in passes.items()}


def _image(height: int, width: int) -> bpy.types.Image:
    """The image "Splats" in that size."""
    image = bpy.data.images.get(IMAGE)
    if image is not None and tuple(image.size) == (width, height):
        return image
    if image is not None:
        bpy.data.images.remove(image)
    return bpy.data.images.new(IMAGE, width, height, alpha=True)


def _save(image: bpy.types.Image, path: Path, channels: dict[str, np.ndarray]) -> None:
    """Save the channels as OpenEXR, or the image as PNG if there are none. Raises `EngineError`."""
    from ...ludvig_engine.errors import EngineError
    from ..maths import exr

    copy = cast("bpy.types.Image", image.copy())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if channels:
            path.write_bytes(exr.write(channels))
        else:
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
    self.layout.operator(RenderSplats.bl_idname, text="Render Splats to File...").ask = True
    self.layout.operator(
        RenderSplats.bl_idname, text="Render Splat Animation", icon="RENDER_ANIMATION"
    ).animation = True


register, unregister = menus.with_entry((RenderSplats,), bpy.types.TOPBAR_MT_render, _menu)
