"""Where splats without photos are rendered from: at planned views, or at Blender's own cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..translation.say import say_report
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome


class TakeSceneCameras(bpy.types.Operator):
    """Take features from renders at this scene's cameras, as they stand now"""

    bl_idname = "ludvig.take_scene_cameras"
    bl_label = "Render at Scene Cameras"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..data import scene_cameras

        if not polls.splats_or_camera(cls, context):
            return False
        assert context.scene is not None
        what = "The scene has no perspective camera: add one, or several"
        return polls.met(cls, bool(scene_cameras.there(context.scene)), what)

    def execute(self, context: bpy.types.Context) -> Outcome:
        import numpy as np

        from ...ludvig_engine.errors import EngineError
        from ..data import frame, messages, scene_cameras
        from ..maths import pinhole
        from ..viewport import picture

        thing, scene = polls.chosen(context), context.scene
        assert scene is not None
        depsgraph = context.evaluated_depsgraph_get()
        world = frame.world(thing)
        if pinhole.mirrored(world):
            error = EngineError(
                "bad_input",
                say_report(
                    '"{name}" is mirrored, so no camera in its space shows what these show.',
                    name=thing.name,
                ),
                ["Give the object a positive scale."],
            )
            return messages.fail(self, error)
        try:
            cameras = [
                pinhole.viewport(picture.camera_lens(camera, scene, depsgraph), world, np.zeros(3))
                for camera in scene_cameras.there(scene)
            ]
        except EngineError as error:
            return messages.fail(self, error)
        scene_cameras.keep(thing, cameras)
        return {"FINISHED"}


class ForgetSceneCameras(bpy.types.Operator):
    """Take features from renders at views that are planned from the splats"""

    bl_idname = "ludvig.forget_scene_cameras"
    bl_label = "Render at Planned Views"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import scene_cameras

        scene_cameras.keep(polls.chosen(context), ())
        return {"FINISHED"}


CLASSES = (TakeSceneCameras, ForgetSceneCameras)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
