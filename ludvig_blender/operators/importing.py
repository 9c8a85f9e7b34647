"""File > Import > Gaussian Splats, and dropping splat files into the 3D viewport."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import CollectionProperty, StringProperty
from bpy_extras.io_utils import ImportHelper, axis_conversion, orientation_helper

from ...ludvig_engine.io import formats

ENDINGS = formats.endings(formats.inside_blender())


@orientation_helper(axis_forward="Z", axis_up="-Y")  # COLMAP's axes, which 3DGS inherits
class ImportSplats(bpy.types.Operator, ImportHelper):
    """Import Gaussian splats as point clouds"""

    bl_idname = "ludvig.import_splats"
    bl_label = "Import Gaussian Splats"
    bl_options = {"REGISTER", "UNDO", "PRESET"}  # noqa: RUF012 - Blender's way

    filename_ext = ENDINGS[0]
    filter_glob: StringProperty(default=";".join(f"*{e}" for e in ENDINGS), options={"HIDDEN"})
    files: CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    directory: StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: Any, event: Any) -> set[str]:
        if self.directory and self.files:  # dropped
            return self.execute(context)
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages, splat_files

        names = [Path(self.directory, file.name) for file in self.files if file.name] or [
            Path(self.filepath)
        ]
        turn = axis_conversion(from_forward=self.axis_forward, from_up=self.axis_up).to_4x4()
        made, errors = [], []
        for path in names:
            try:
                made.append(place(context, splat_files.load(str(path)), path, turn))
            except EngineError as error:
                errors.append(error)
        if not made:
            return messages.fail(self, errors[0])
        messages.clear()
        self.report({"INFO"}, f"Imported {sum(len(thing.data.points) for thing in made):,} splats")
        for error in errors:
            messages.show(error)
            self.report({"WARNING"}, str(error))
        return {"FINISHED"}


def place(context: Any, thing: Any, path: Path, turn: Any) -> Any:
    """Put a new splat object into the scene: selected, active, and turned upright by its matrix."""
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
    def poll_drop(cls, context: Any) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "OUTLINER"}


def _menu(self: Any, _context: Any) -> None:
    self.layout.operator(ImportSplats.bl_idname, text=f"Gaussian Splats ({', '.join(ENDINGS)})")


CLASSES = (ImportSplats, SplatFileHandler)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.TOPBAR_MT_file_import.append(_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_import.remove(_menu)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
