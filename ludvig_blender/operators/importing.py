"""File > Import > Gaussian Splats, and splat files that are dropped into the 3D viewport."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import bpy
from bpy.props import CollectionProperty, StringProperty
from bpy_extras.io_utils import ImportHelper, axis_conversion, orientation_helper

from ...ludvig_engine.io import formats
from . import menus

if TYPE_CHECKING:
    from mathutils import Matrix

    from ...ludvig_engine.errors import EngineError
    from ..data.types import Outcome, SplatObject

Axis = Literal["X", "Y", "Z", "-X", "-Y", "-Z"]

ENDINGS = formats.endings(formats.inside_blender())


@orientation_helper(axis_forward="Z", axis_up="-Y")  # COLMAP's axes, which 3DGS uses too
class ImportSplats(bpy.types.Operator, ImportHelper):
    """Import Gaussian splats as point clouds"""

    bl_idname = "ludvig.import_splats"
    bl_label = "Import Gaussian Splats"
    bl_options = {"REGISTER", "UNDO", "PRESET"}  # noqa: RUF012

    if TYPE_CHECKING:
        # `ImportHelper` and `orientation_helper` add these, which the stubs do not know.
        filepath: str
        axis_forward: Axis
        axis_up: Axis

    filename_ext = ENDINGS[0]
    filter_glob: StringProperty(default=";".join(f"*{e}" for e in ENDINGS), options={"HIDDEN"})
    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(  # type: ignore[override]  # ImportHelper's stub returns set[str]
        self, context: bpy.types.Context, event: bpy.types.Event
    ) -> Outcome:
        if self.directory and self.files:  # files were dropped
            return self.execute(context)
        return cast("Outcome", ImportHelper.invoke(self, context, event))

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages, splat_files

        chosen = [Path(self.directory, file.name) for file in self.files if file.name]
        turn = axis_conversion(from_forward=self.axis_forward, from_up=self.axis_up).to_4x4()
        made: list[SplatObject] = []
        errors: list[EngineError] = []
        for path in chosen or [Path(self.filepath)]:
            try:
                made.append(place(context, splat_files.load(str(path)), path, turn))
            except EngineError as error:
                errors.append(error)
        if not made:
            return messages.fail(self, errors[0])
        messages.clear()
        self.report({"INFO"}, f"Imported {sum(len(thing.data.points) for thing in made):,} splats")
        for failure in errors:
            messages.show(failure)
            self.report({"WARNING"}, str(failure))
        return {"FINISHED"}


def place(context: bpy.types.Context, thing: SplatObject, path: Path, turn: Matrix) -> SplatObject:
    """Put a new splat object into the scene, turned upright; select it and make it active."""
    from ..data import capture, paths

    thing.matrix_world = turn
    thing.ludvig.source = paths.relative(str(path))
    thing.ludvig_capture.views = paths.relative(capture.suggest(path.absolute()))
    capture.remember(thing, str(path))
    context.collection.objects.link(thing)
    for other in context.selected_objects:
        other.select_set(False)
    thing.select_set(True)
    context.view_layer.objects.active = thing
    return thing


class SplatFileHandler(bpy.types.FileHandler):
    bl_idname = "LUDVIG_FH_splats"
    bl_label = "Gaussian Splats"
    bl_import_operator = ImportSplats.bl_idname
    bl_export_operator = "ludvig.export_splats"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context | None) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "OUTLINER"}


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.operator(ImportSplats.bl_idname, text=f"Gaussian Splats ({', '.join(ENDINGS)})")


CLASSES = (ImportSplats, SplatFileHandler)


register, unregister = menus.with_entry(CLASSES, bpy.types.TOPBAR_MT_file_import, _menu)
