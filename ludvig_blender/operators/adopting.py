"""Object > Convert > Splats from Attributes: take in what other importers and older Blenders made of a splat file.

Blender's own PLY importer and KIRI's 3DGS Render leave the file's properties as float attributes of the same names, on
a mesh or a point cloud: opacity as logit, scale_0..2 as log, rot_0..3 of any length, f_rest_* channel-major.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty

from ...ludvig_engine.io.formats import FORMATS


def adoptable(thing: Any) -> bool:
    """Whether an object carries splats under their PLY names, or is not yet one of Blender's own splats."""
    if thing.type not in {"MESH", "POINTCLOUD"}:
        return False
    left = [format.attributes for format in FORMATS.values() if format.attributes]
    return any(all(name in thing.data.attributes for name in names) for names in left) or _old(
        thing
    )


def _old(thing: Any) -> bool:
    from ..data import native

    return native.convertible(thing)


class AdoptSplats(bpy.types.Operator):
    """Turn points with the properties of a splat file into splats"""

    bl_idname = "ludvig.adopt"
    bl_label = "Splats from Attributes"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    keep_original: BoolProperty(
        name="Keep Original", description="Keep the object that is converted", default=False
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        if context.mode != "OBJECT" or not any(map(adoptable, context.selected_objects)):
            cls.poll_message_set(
                "Select points with the properties of a splat file (f_dc_0, opacity, ...)"
            )
            return False
        return True

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.errors import EngineError
        from ..data import messages, native, splat_files

        chosen = [thing for thing in context.selected_objects if adoptable(thing)]
        for old in chosen:
            if native.convertible(old):
                native.convert(old)
                continue
            try:
                new, dropped = splat_files.adopt(old)
            except EngineError as error:
                return messages.fail(self, error)
            if dropped:
                self.report(
                    {"WARNING"},
                    f'{dropped:,} points of "{old.name}" have unusable values and were left out',
                )
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
        self.report({"INFO"}, f"Converted {len(chosen)} objects to splats")
        return {"FINISHED"}


def _menu(self: Any, _context: Any) -> None:
    self.layout.operator(AdoptSplats.bl_idname)


def register() -> None:
    bpy.utils.register_class(AdoptSplats)
    bpy.types.VIEW3D_MT_object_convert.append(_menu)


def unregister() -> None:
    bpy.types.VIEW3D_MT_object_convert.remove(_menu)
    bpy.utils.unregister_class(AdoptSplats)
