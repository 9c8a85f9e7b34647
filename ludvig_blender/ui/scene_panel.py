"""The panel "Scene" in the sidebar (N), tab LUDVIG: the splats and the photos' cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..translation.say import say
from .sidebar import Sidebar

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ..data.types import SplatObject

NAME = 18  # letters that fit beside the title


class ScenePanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_scene"
    bl_label = "Scene"
    bl_order = 2

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        from ..operators import polls

        if thing := polls.target(context):
            name = thing.name
            shown = name if len(name) <= NAME else f"{name[: NAME - 3]}..."
            self.layout.label(text=shown, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import photo_cameras
        from ..operators import lines, polls

        layout, thing = self.layout, polls.target(context)
        if thing is None:
            some = any(other.type == "POINTCLOUD" for other in context.view_layer.objects)
            what = "Select a splat object" if some else "Import a splat file, or drop one"
            lines.draw(layout, what, "INFO", context)
            layout.operator("ludvig.import_splats", text="Import Splats...", icon="IMPORT")
            if not some:
                layout.operator("ludvig.open_sample", icon="SCENE_DATA")
            return
        own, cameras = thing.ludvig_capture, photo_cameras.of(thing)
        if not cameras:
            row = layout.row(align=True)
            row.prop(own, "views", text="", placeholder="COLMAP folder or transforms.json")
            layout.operator("ludvig.load_cameras", icon="CAMERA_DATA")
            if not own.views:
                self._rendered(layout, context, thing)
            return
        with_photos = sum(bool(view.data.background_images) for view in cameras)
        row = layout.row()
        text = "{count:,} camera" if len(cameras) == 1 else "{count:,} cameras"
        row.label(text=say(text, count=len(cameras)), icon="CAMERA_DATA")
        text = "{count:,} photo" if with_photos == 1 else "{count:,} photos"
        row.label(text=say(text if with_photos else "no photos", count=with_photos))
        eye: IconItems = "HIDE_OFF" if own.show_cameras else "HIDE_ON"
        row.prop(own, "show_cameras", text="", icon=eye, emboss=False)
        row = layout.row(align=True)
        row.operator("ludvig.look_through", text="", icon="TRIA_LEFT").step = -1
        row.operator("ludvig.look_through", icon="VIEW_CAMERA").step = 0
        row.operator("ludvig.look_through", text="", icon="TRIA_RIGHT").step = 1
        row.separator()
        row.menu("LUDVIG_MT_cameras", text="", icon="DOWNARROW_HLT")
        if with_photos:
            row = layout.row(align=True)
            row.prop(own, "show_photos", icon="IMAGE_DATA", toggle=True)
            opacity = row.row(align=True)
            opacity.active = own.show_photos
            opacity.prop(own, "photo_opacity")
        self._check(layout, context, thing)

    @staticmethod
    def _rendered(
        layout: bpy.types.UILayout, context: bpy.types.Context, thing: SplatObject
    ) -> None:
        """Say where splats without photos are rendered from, and offer the scene's cameras."""
        from ..data import attributes, scene_cameras
        from ..operators import lines

        cameras = len(scene_cameras.kept(thing))
        told = lines.rendered(cameras, attributes.count(thing.data))
        lines.draw(layout, told, "INFO", context)
        if cameras:
            layout.operator("ludvig.forget_scene_cameras", icon="X")
        elif context.scene and scene_cameras.there(context.scene):
            layout.operator("ludvig.take_scene_cameras", icon="VIEW_CAMERA")

    @staticmethod
    def _check(layout: bpy.types.UILayout, context: bpy.types.Context, thing: SplatObject) -> None:
        from ..data import check_picture
        from ..operators import lines

        own = thing.ludvig_capture
        if own.near or (own.verdict and not own.fits):
            layout.prop(own, "near")
        if own.verdict:
            lines.draw(layout, own.verdict, "CHECKMARK" if own.fits else "ERROR", context)
        if picture := check_picture.picture(thing):
            layout.template_icon(icon_value=picture.icon_id, scale=8)
        for note in own.notes.splitlines():
            lines.draw(layout, note, "INFO", context)


class CamerasMenu(bpy.types.Menu):
    bl_idname = "LUDVIG_MT_cameras"
    bl_label = "Cameras"

    def draw(self, _context: bpy.types.Context | None) -> None:
        self.layout.operator("ludvig.check", text="Check Alignment", icon="VIEWZOOM")
        self.layout.separator()
        self.layout.operator("ludvig.import_cameras", text="Import Others...", icon="IMPORT")
        self.layout.operator("ludvig.load_cameras", text="Load Again", icon="FILE_REFRESH")
        self.layout.operator("ludvig.choose_photos", text="Choose Photos...", icon="FILE_FOLDER")
        self.layout.operator("ludvig.remove_cameras", icon="TRASH")


CLASSES = (CamerasMenu, ScenePanel)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
