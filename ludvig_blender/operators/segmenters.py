"""The SAM that clicks and boxes go through: the operator and the menu that choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ..engine import catalog
from ..translation.say import say, say_tip
from . import polls

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ...ludvig_engine.wire.methods import ExtractorInfo
    from ..data.types import Outcome


class ChooseSegmenter(bpy.types.Operator):
    """Let clicks and boxes go through this SAM"""

    bl_idname = "ludvig.choose_sam"
    bl_label = "Choose SAM"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    model: StringProperty(description='The engine\'s name of it, such as "sam2"')

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        tip = say_tip("Let clicks and boxes go through this SAM")
        info = catalog.segmenter(properties.model)
        return f"{tip}. {info.needs}" if info and info.needs else tip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        own = polls.chosen(context).ludvig_features
        own.sam, own.sam_model = True, self.model
        return {"FINISHED"}


class SegmentersMenu(bpy.types.Menu):
    bl_idname = "LUDVIG_MT_sam"
    bl_label = "SAM Model"

    def draw(self, context: bpy.types.Context | None) -> None:
        layout = self.layout
        assert context is not None and layout is not None
        if not catalog.segmenters():
            layout.label(text="Start the engine to see which models there are")
            layout.operator("ludvig.restart_engine", text="Start Engine", icon="PLAY")
            return
        chosen = polls.chosen(context).ludvig_features.sam_model
        for info in catalog.segmenters():
            if info.ready or not info.models:
                row = layout.row()
                row.enabled = info.ready
                icon: IconItems = "RADIOBUT_ON" if info.spec == chosen else "RADIOBUT_OFF"
                choose = row.operator("ludvig.choose_sam", text=info.title, icon=icon)
                choose.model = info.spec
        layout.separator()
        for info in catalog.segmenters():
            if info.models:
                draw_download(layout, info, info.title)


def draw_download(layout: bpy.types.UILayout, info: ExtractorInfo, title: str) -> None:
    """Draw a button that downloads what a SAM lacks."""
    from . import lines

    size = lines.size(info.download)
    fetch = layout.operator("ludvig.fetch_model", text=f"{title} ({size})", icon="IMPORT")
    fetch.model = " ".join(info.models)
    terms = say("{size}, license {name}", size=size, name=info.licence)
    fetch.about = f"{terms}. {info.needs}"


register, unregister = bpy.utils.register_classes_factory((ChooseSegmenter, SegmentersMenu))
