"""Object > Convert > Splats from Attributes: make splats of what other importers have made of them.

Blender's own PLY importer and KIRI's 3DGS Render keep the file's properties as float attributes of
the same names, on a mesh or a point cloud: opacity as logit, scale_0..2 as log, rot_0..3 of any
length, f_rest_* channel-major. Splats that an older Blender has saved are converted too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from ...ludvig_engine.io.formats import FORMATS
from ..translation.say import say_report
from . import menus, polls

if TYPE_CHECKING:
    from ..data.types import Outcome


def adoptable(thing: bpy.types.Object) -> bool:
    """Whether an object has splats under their PLY names, or splats that `native` can convert."""
    if thing.type not in {"MESH", "POINTCLOUD"}:
        return False
    left = [format.attributes for format in FORMATS.values() if format.attributes]
    if any(all(name in thing.data.attributes for name in names) for names in left):
        return True
    from ..data import native

    return native.convertible(thing)


class AdoptSplats(bpy.types.Operator):
    """Turn points that have the properties of a splat file into splats"""

    bl_idname = "ludvig.adopt"
    bl_label = "Splats from Attributes"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    keep_original: BoolProperty(
        name="Keep Original",
        description="Keep the original object beside the splats",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        what = "Select points that have the properties of a splat file (f_dc_0, opacity, ...)"
        able = context.mode == "OBJECT" and any(map(adoptable, context.selected_objects))
        return polls.met(cls, able, what)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.errors import EngineError
        from ..data import adoption, messages, native, splat_files, splats

        chosen = [thing for thing in context.selected_objects if adoptable(thing)]
        for old in chosen:
            if splats.is_splats(old) and native.convertible(old):
                adoption.adopt(old)
                continue
            try:
                new, dropped = splat_files.adopt(old)
            except EngineError as error:
                return messages.fail(self, error)
            if dropped:
                told = '{count:,} points of "{name}" have unusable values and were left out'
                self.report({"WARNING"}, say_report(told, count=dropped, name=old.name))
            for collection in old.users_collection:
                collection.objects.link(new)
            new.parent, new.matrix_parent_inverse = old.parent, old.matrix_parent_inverse
            new.matrix_world = old.matrix_world
            new.select_set(True)
            if context.view_layer.objects.active == old:
                context.view_layer.objects.active = new
            old.select_set(False)
            if not self.keep_original:
                name = old.name
                bpy.data.objects.remove(old)
                new.name = name
        messages.clear()
        self.report({"INFO"}, say_report("Converted {count} objects to splats", count=len(chosen)))
        return {"FINISHED"}


def _menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    self.layout.operator(AdoptSplats.bl_idname)


register, unregister = menus.with_entry((AdoptSplats,), bpy.types.VIEW3D_MT_object_convert, _menu)
