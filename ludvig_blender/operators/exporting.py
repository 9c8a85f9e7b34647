"""File > Export > Gaussian Splats. Blender itself cannot export splats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, axis_conversion

from ...ludvig_engine.io import formats
from ..translation.say import say, say_report
from . import importing, menus, polls

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import Outcome, SplatObject
    from .importing import Axis

ENDINGS = formats.endings(formats.written())


@importing.upright
# The stubs of Operator and ExportHelper disagree on what `invoke` returns.
class ExportSplats(bpy.types.Operator, ExportHelper):  # type: ignore[misc]
    """Export splat objects to one file, with scores and any other float attributes"""

    bl_idname = "ludvig.export_splats"
    bl_label = "Export Gaussian Splats"
    bl_options = {"PRESET"}  # noqa: RUF012

    if TYPE_CHECKING:
        # `ExportHelper` and `orientation_helper` add these, which the stubs do not know.
        filepath: str
        axis_forward: Axis
        axis_up: Axis

    filename_ext = ENDINGS[0]
    filter_glob: StringProperty(default=";".join(f"*{e}" for e in ENDINGS), options={"HIDDEN"})
    # Blender sets this when a collection's exporter runs.
    collection: StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    only_selected: BoolProperty(
        name="Only Selected Splats",
        description="Leave out the splats that are not selected",
        default=False,
    )
    apply_transform: BoolProperty(
        name="Apply Transform",
        description="Apply the location, rotation and scale of the objects. "
        "If off, splats stay where their file had them",
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.any_splats(cls)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages, splat_files

        objects = self._objects(context)
        to_file = self._to_file(objects) if self.apply_transform else None
        try:
            saved = splat_files.save(
                self.filepath, objects, only_selected=self.only_selected, to_file=to_file
            )
        except EngineError as error:
            return messages.fail(self, error)
        messages.clear()
        told = say_report("Exported {count:,} splats", count=saved.count)
        self.report({"INFO"}, told)
        if saved.unnamed:
            what = "Only .ply files have a place for names, colors and certainties of segments"
            self.report({"WARNING"}, what)
        return {"FINISHED"}

    def _objects(self, context: bpy.types.Context) -> list[SplatObject]:
        from ..data import splats

        if not self.collection:
            return splats.splat_objects(context)
        collected = bpy.data.collections[self.collection].all_objects
        return [thing for thing in collected if splats.is_splats(thing)]

    def _to_file(self, objects: list[SplatObject]) -> np.ndarray:
        """From Blender's world to the file's, (4, 4)."""
        import numpy as np
        from mathutils import Quaternion

        turn = axis_conversion(to_forward=self.axis_forward, to_up=self.axis_up).to_4x4()
        axes = {"axis_forward": self.axis_forward, "axis_up": self.axis_up}
        if objects and axes == importing.USUAL:
            # All objects of one file have one frame: that of the first one's file.
            upright = Quaternion(objects[0].ludvig_capture.upright)
            turn = turn @ upright.to_matrix().to_4x4().inverted()
        return np.array(turn, np.float64)


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    text = say("Gaussian Splats ({names})", names=", ".join(ENDINGS))
    self.layout.operator(ExportSplats.bl_idname, text=text)


register, unregister = menus.with_entry((ExportSplats,), bpy.types.TOPBAR_MT_file_export, _menu)
