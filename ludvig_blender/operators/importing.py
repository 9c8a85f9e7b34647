"""File > Import > Gaussian Splats, and splat files that are dropped into the 3D viewport.

Blender goes on while files are read. When they are, `PlaceSplats` puts the objects into the scene
as one undo step. Scripts and `blender -b` wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty
from bpy_extras.io_utils import ImportHelper, axis_conversion, orientation_helper

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.io import formats
from ..translation.say import say, say_report
from . import menus, polls

if TYPE_CHECKING:
    import numpy as np
    from mathutils import Matrix, Quaternion

    from ..data.types import Outcome
    from ..engine.importing import Imported
    from ..engine.importing import Outcome as Read

Axis = Literal["X", "Y", "Z", "-X", "-Y", "-Z"]

FORMATS = formats.FORMATS.values()
ENDINGS = formats.endings(FORMATS)
# Endings that files of other kinds have, too: that of a meta.json.
SHARED = [e for format in FORMATS for e in format.endings if format.folder.endswith(e)]
# COLMAP's axes, which 3DGS uses too, are the usual ones.
USUAL: dict[str, Axis] = {"axis_forward": "Z", "axis_up": "-Y"}
upright = orientation_helper(**USUAL)

# How far from the middle of the splats the viewport looks at them, in radii of the scene, at the
# lens of 50 mm that Blender starts with: all of them just fit, since the outer tenth is near empty.
AWAY = 1.8

# Read and not yet in a scene, by path.
_ready: dict[Path, Imported] = {}


class Files(polls.Mixin):
    """The files and the axes of both operators."""

    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    find_up: BoolProperty(
        name="Find Up",
        description="Turn the splats so that the plane most of them lie on is the ground. Where "
        "there is none, or if you choose other axes, the axes decide",
        default=True,
    )

    if TYPE_CHECKING:
        # `ImportHelper` and `orientation_helper` add these, which the stubs do not know.
        filepath: str
        axis_forward: Axis
        axis_up: Axis

    def chosen(self) -> list[Path]:
        return [Path(self.directory, file.name) for file in self.files if file.name]

    def axes(self) -> dict[str, Axis]:
        return {"axis_forward": self.axis_forward, "axis_up": self.axis_up}


@upright
class ImportSplats(Files, bpy.types.Operator, ImportHelper):
    """Import Gaussian splats as point clouds"""

    bl_idname = "ludvig.import_splats"
    bl_label = "Import Gaussian Splats"
    # Not UNDO: the undo step is made by `PlaceSplats`, when the files have been read.
    bl_options = {"REGISTER", "PRESET"}  # noqa: RUF012

    filename_ext = ENDINGS[0]
    filter_glob: StringProperty(
        default=";".join((*formats.patterns(FORMATS), *formats.PACKED)), options={"HIDDEN"}
    )

    def invoke(  # type: ignore[override]  # ImportHelper's stub returns set[str]
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> Outcome:
        if self.directory and self.files:  # files were dropped
            return self.execute(context)
        return cast("Outcome", ImportHelper.invoke(self, context, event))

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import importing, pump, tasks

        # As Blender's own importers do. Later it would surprise a user who has gone on working.
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        chosen = self.chosen() or [Path(self.filepath)]
        paths = list(dict.fromkeys(formats.inside(path) for path in chosen))
        how = {**self.axes(), "find_up": self.find_up}
        many = say("{count:,} files", count=len(paths))
        what = paths[0].name if len(paths) == 1 else many
        label = say("Reading {name}", name=what)
        waits = bpy.app.background or not self.options.is_invoke
        tell = messages.show if waits else messages.pop_up

        def done(read: Read) -> None:
            _place(read, how)
            for error in read.errors:
                tell(error)

        def failed(error: EngineError) -> None:
            if error.kind not in tasks.QUIET:
                tell(error)

        messages.clear()  # what it says is about something else
        task = pump.start(importing.steps(paths), label=label, done=done, failed=failed)
        if not waits:
            told = "Reading {name}: the sidebar (N) shows how far it is, and can cancel it"
            self.report({"INFO"}, say_report(told, name=what))
            return {"FINISHED"}
        try:
            read = pump.wait(task)
        except EngineError as error:
            return messages.fail(self, error)
        for bad in read.errors:
            self.report({"WARNING"}, messages.line(bad))
        return {"FINISHED"}


@upright
class PlaceSplats(Files, bpy.types.Operator):
    """Put imported splats into the scene"""

    bl_idname = "ludvig.place_splats"
    bl_label = "Import Gaussian Splats"  # what undo shows
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}  # noqa: RUF012

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import messages, splats

        turn = axis_conversion(from_forward=self.axis_forward, from_up=self.axis_up).to_4x4()
        finds = self.find_up and self.axes() == USUAL
        first = not any(splats.is_splats(thing) for thing in context.scene.objects)
        paths = self.chosen()
        try:
            things = [_ready.pop(path, None) for path in paths]
            if None in things:  # other axes were chosen: Blender has undone the import
                things = self._again(paths)
        except EngineError as error:
            return messages.fail(self, error)
        points = sum(
            _put(context, thing, turn, _upright(turn, thing.up if finds else None))
            for thing in things
            if thing
        )
        if first and things[0]:
            _look_at(context, things[0])
        told = "Imported {count:,} splat" if points == 1 else "Imported {count:,} splats"
        self.report({"INFO"}, say_report(told, count=points))
        return {"FINISHED"}

    @staticmethod
    def _again(paths: Sequence[Path]) -> list[Imported | None]:
        from ..engine import importing, pump

        return list(pump.wait(pump.start(importing.steps(paths), failed=lambda _: None)).imported)


def _place(read: Read, how: Mapping[str, object]) -> None:
    """Put what was read into the scene as one undo step."""
    from ..data import messages, splats, window

    _ready.update({thing.path: thing for thing in read.imported})
    folder = read.imported[0].path.parent
    files = [{"name": thing.path.name} for thing in read.imported]
    try:
        with bpy.context.temp_override(window=window.current()):
            # The stubs do not know our own operators.
            # Any, because the stubs do not know our own operators.
            place: Any = bpy.ops.ludvig.place_splats  # type: ignore[attr-defined]
            place("EXEC_DEFAULT", True, directory=str(folder), files=files, **how)
    finally:
        for thing in read.imported:
            if _ready.pop(thing.path, None):  # it was not placed
                splats.remove(thing.uid)
    messages.clear()


def _upright(turn: Matrix, up: np.ndarray | None) -> Quaternion:
    """The least turn after `turn` that makes `up`, in the frame of the splats, point upwards."""
    from mathutils import Quaternion, Vector

    if up is None:
        return Quaternion()
    return (turn @ Vector(up.tolist())).rotation_difference(Vector((0, 0, 1)))


def _look_at(context: bpy.types.Context, imported: Imported) -> None:
    """Let the viewports show a new object. Its floaters and its horizon may be outside."""
    from mathutils import Vector

    from ..data import splats

    thing = splats.with_uid(imported.uid)
    if thing is None or context.screen is None:
        return
    middle = thing.matrix_world @ Vector(imported.ball.center.tolist())
    for area in context.screen.areas:
        for space in area.spaces:
            view = space.region_3d if isinstance(space, bpy.types.SpaceView3D) else None
            if view is not None and view.view_perspective != "CAMERA":
                view.view_location = middle
                view.view_distance = AWAY * imported.ball.radius


def _put(context: bpy.types.Context, imported: Imported, turn: Matrix, upright: Quaternion) -> int:
    """Put a new splat object into the scene, turned upright; in Object Mode, make it active.

    Returns the number of its splats.
    """
    from ..data import attributes, capture, file_segments, paths, splats

    thing = splats.with_uid(imported.uid)
    assert splats.is_splats(thing)
    thing.matrix_world = upright.to_matrix().to_4x4() @ turn
    thing.ludvig.source = paths.relative(str(imported.path))
    own = thing.ludvig_capture
    own.upright = (upright.w, upright.x, upright.y, upright.z)
    own.views = paths.relative(capture.suggest(imported.path.absolute()))
    own.untouched, own.notes = imported.untouched, "\n".join(imported.notes)
    file_segments.add(thing, imported.segments)
    context.collection.objects.link(thing)
    if context.mode == "OBJECT":  # else the user edits something else by now
        for other in context.selected_objects:
            other.select_set(False)
        thing.select_set(True)
        context.view_layer.objects.active = thing
    return attributes.count(thing.data)


class SplatFileHandler(bpy.types.FileHandler):
    bl_idname = "LUDVIG_FH_splats"
    bl_label = "Gaussian Splats"
    bl_import_operator = ImportSplats.bl_idname
    bl_export_operator = "ludvig.export_splats"
    bl_file_extensions = ";".join(ending for ending in ENDINGS if ending not in SHARED)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context | None) -> bool:
        return (
            context is not None
            and context.area is not None
            and context.area.type in {"VIEW_3D", "OUTLINER"}
        )


class UnpackedFileHandler(bpy.types.FileHandler):
    """Imports a meta.json that is dropped, unless the handler of cameras takes it.

    Blender asks its user if two handlers want a file, which would be in the way of transforms.json.
    """

    bl_idname = "LUDVIG_FH_unpacked"
    bl_label = "Gaussian Splats"
    bl_import_operator = ImportSplats.bl_idname
    bl_file_extensions = ";".join(SHARED)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context | None) -> bool:
        from . import photographs

        return SplatFileHandler.poll_drop(context) and not (
            photographs.CameraFileHandler.poll_drop(context)
        )


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    text = say("Gaussian Splats ({names})", names=formats.names(FORMATS))
    self.layout.operator(ImportSplats.bl_idname, text=text)


CLASSES = (ImportSplats, PlaceSplats, SplatFileHandler, UnpackedFileHandler)


register, unregister = menus.with_entry(CLASSES, bpy.types.TOPBAR_MT_file_import, _menu)
