"""File > Export > Gaussian Splats. Blender exports none itself."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, axis_conversion, orientation_helper

from ...ludvig_engine.io import formats

ENDINGS = formats.endings(formats.written())


@orientation_helper(axis_forward="Z", axis_up="-Y")
class ExportSplats(bpy.types.Operator, ExportHelper):
    """Export splat objects to one file, with scores and any other float attributes"""

    bl_idname = "ludvig.export_splats"
    bl_label = "Export Gaussian Splats"
    bl_options = {"PRESET"}  # noqa: RUF012

    filename_ext = ENDINGS[0]
    filter_glob: StringProperty(default=";".join(f"*{e}" for e in ENDINGS), options={"HIDDEN"})
    collection: StringProperty(
        options={"HIDDEN", "SKIP_SAVE"}
    )  # set by the exporters of a collection
    only_selected: BoolProperty(
        name="Only Selected Splats",
        description="Leave out splats that are not selected in Edit Mode",
        default=False,
    )
    apply_transform: BoolProperty(
        name="Apply Transform",
        description="Move, turn and scale the splats as their objects are; off: keep them where their file had them",
        default=True,
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        if not bpy.data.pointclouds:
            cls.poll_message_set("There are no splats: import a splat file first")
            return False
        return True

    def execute(self, context: Any) -> set[str]:
        import numpy as np

        from ...ludvig_engine.errors import EngineError
        from ..data import messages, splat_files, splats

        turn = axis_conversion(to_forward=self.axis_forward, to_up=self.axis_up).to_4x4()
        to_file = np.array(turn, np.float64) if self.apply_transform else None
        if self.collection:
            objects = [
                thing
                for thing in bpy.data.collections[self.collection].all_objects
                if splats.is_splats(thing)
            ]
        else:
            objects = splats.splat_objects(context)
        try:
            count = splat_files.save(
                self.filepath, objects, only_selected=self.only_selected, to_file=to_file
            )
        except EngineError as error:
            return messages.fail(self, error)
        messages.clear()
        self.report({"INFO"}, f"Exported {count:,} splats")
        return {"FINISHED"}


def _menu(self: Any, _context: Any) -> None:
    self.layout.operator(ExportSplats.bl_idname, text=f"Gaussian Splats ({', '.join(ENDINGS)})")


def register() -> None:
    bpy.utils.register_class(ExportSplats)
    bpy.types.TOPBAR_MT_file_export.append(_menu)


def unregister() -> None:
    bpy.types.TOPBAR_MT_file_export.remove(_menu)
    bpy.utils.unregister_class(ExportSplats)
