"""Operators for the photos' cameras of a splat object: import, check, look through, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy
from bpy.props import CollectionProperty, StringProperty

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.io import formats
from ..translation.say import say_report
from . import polls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...ludvig_engine.wire.methods import SceneChecked
    from ..data.types import Outcome, SplatObject
    from ..engine.subject import Subject
    from ..engine.tasks import Steps

COLMAP = {".bin", ".txt"}  # a file like cameras.bin stands for its folder


class ImportCameras(bpy.types.Operator):
    """Import the photos' cameras from a COLMAP folder, transforms.json or cameras.json"""

    bl_idname = "ludvig.import_cameras"
    bl_label = "Import Cameras"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: StringProperty(default="*.json;*.bin;*.txt", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        from ..data import capture

        if self.directory and self.files:  # files were dropped
            self.filepath = str(Path(self.directory, self.files[0].name))
            return self.execute(context)
        known = capture.folders(polls.chosen(context))[0]
        if known:
            self.filepath = known if Path(known).is_file() else f"{known}/"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import messages, paths

        if any(formats.is_unpacked(file.name) for file in self.files):  # dropped, but no cameras
            files = [{"name": file.name} for file in self.files]
            # Any, because the stubs do not know our own operators.
            splats: Any = bpy.ops.ludvig.import_splats  # type: ignore[attr-defined]
            return cast("Outcome", splats("INVOKE_DEFAULT", directory=self.directory, files=files))
        path = Path(bpy.path.abspath(self.filepath or self.directory))
        if path.suffix.lower() in COLMAP:
            path = path.parent
        if not path.exists():
            what = say_report("There is no {path}.", path=path)
            return messages.fail(self, EngineError("not_found", what, ["Choose another folder."]))
        return _bring(self, polls.chosen(context), paths.relative(str(path)))


class LoadCameras(bpy.types.Operator):
    """Make a camera for each photo that these splats were made from"""

    bl_idname = "ludvig.load_cameras"
    bl_label = "Load Cameras"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.has_cameras(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        thing = polls.chosen(context)
        return _bring(self, thing, thing.ludvig_capture.views)


def _bring(operator: bpy.types.Operator, thing: SplatObject, path: str) -> Outcome:
    from ..engine import link, pump, subject, tasks

    own = thing.ludvig_capture
    before, own.views = own.views, path
    about = subject.of(thing)

    def failed(error: EngineError) -> None:
        if error.kind not in ("gone", "not_installed"):
            about.thing().ludvig_capture.views = before
        tasks.tell(error)

    return link.finish(
        operator, pump.start(_cameras(about), failed=failed, label="Loading cameras")
    )


def _cameras(about: Subject) -> Steps:
    """The steps of making the cameras of an object."""
    from ..data import messages, photo_cameras
    from ..engine import commit

    scene = (yield from about.opening()).scene
    if not scene.names:
        fixes = [Fix("Import the cameras.", "import_cameras")]
        raise EngineError("bad_input", "There are no cameras.", fixes)
    thing = about.thing()
    commit.run(LoadCameras.bl_label, lambda: photo_cameras.make(thing, scene))
    thing.ludvig_capture.notes = "\n".join(scene.notes)
    messages.clear()


class ChoosePhotos(bpy.types.Operator):
    """Choose the folder that the photos are in"""

    bl_idname = "ludvig.choose_photos"
    bl_label = "Choose Folder of Photos"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    directory: StringProperty(subtype="DIR_PATH")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import paths

        thing = polls.chosen(context)
        thing.ludvig_capture.photos = paths.relative(self.directory)
        return _bring(self, thing, thing.ludvig_capture.views)


class RemoveCameras(bpy.types.Operator):
    """Delete the photos' cameras of these splats"""

    bl_idname = "ludvig.remove_cameras"
    bl_label = "Remove Cameras"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import photo_cameras

        photo_cameras.remove(polls.chosen(context))
        return {"FINISHED"}


class LookThrough(bpy.types.Operator):
    """Look through the camera of a photo, at the size of the photo"""

    bl_idname = "ludvig.look_through"
    bl_label = "Look Through"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    step: bpy.props.IntProperty(
        name="Step", description="1: the next camera, -1: the previous one", default=0
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.splats_or_camera(cls, context):
            return False
        from ..data import photo_cameras

        loaded = bool(photo_cameras.of(polls.chosen(context)))
        return polls.met(cls, loaded, "Load the cameras first")

    def _index(
        self,
        cameras: Sequence[bpy.types.Object | None],
        active: bpy.types.Object | None,
        used: bpy.types.Object | None,
    ) -> int:
        """Which camera to look through: the active one, or the `used` one and `step` further."""
        current = used if self.step or active not in cameras else active
        return (cameras.index(current) + self.step) % len(cameras) if current in cameras else 0

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import photo_cameras

        cameras = photo_cameras.of(polls.chosen(context))
        scene = context.scene
        assert scene is not None
        index = self._index(cameras, context.object, scene.camera)
        scene.camera = cameras[index]
        photo_cameras.follow(polls.chosen(context).ludvig_capture)
        scene.render.resolution_x, scene.render.resolution_y = cameras[index][photo_cameras.SIZE]
        if context.area and context.area.type == "VIEW_3D":
            context.space_data.region_3d.view_perspective = "CAMERA"
        told = "{name}: camera {number} of {total}"
        name = cameras[index].name
        self.report({"INFO"}, say_report(told, name=name, number=index + 1, total=len(cameras)))
        return {"FINISHED"}


class CheckCameras(bpy.types.Operator):
    """Compare the splats with the photos, to see whether the cameras fit"""

    bl_idname = "ludvig.check"
    bl_label = "Check"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.has_cameras(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import CheckScene
        from ..engine import link, subject

        task = subject.of(polls.chosen(context)).ask(
            CheckScene(""), done=_checked, label="Comparing with the photos"
        )
        return link.finish(self, task)


def _checked(thing: SplatObject, answer: SceneChecked) -> None:
    from ..data import check_picture, messages

    own = thing.ludvig_capture
    own.verdict, own.fits = answer.verdict, answer.fits
    check_picture.keep(thing, answer)
    messages.clear()


class CameraFileHandler(bpy.types.FileHandler):
    """Imports files of COLMAP or nerfstudio that are dropped into the 3D viewport.

    Blender has no such handler for folders.
    """

    bl_idname = "LUDVIG_FH_cameras"
    bl_label = "Cameras of Photos"
    bl_import_operator = ImportCameras.bl_idname
    bl_file_extensions = ".json;.bin;.txt"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context | None) -> bool:
        from ..data import splats

        return (
            context is not None
            and context.area is not None
            and context.area.type == "VIEW_3D"
            and bool(splats.splat_objects(context))
        )


CLASSES = (
    ImportCameras,
    LoadCameras,
    ChoosePhotos,
    RemoveCameras,
    LookThrough,
    CheckCameras,
    CameraFileHandler,
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
