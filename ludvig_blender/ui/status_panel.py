"""The top panel in the sidebar (N), tab LUDVIG: running tasks and the newest error, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..data import properties
from .sidebar import Sidebar

if TYPE_CHECKING:
    from ..engine.tasks import Task


class StatusPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_status"
    bl_label = "Status"
    bl_order = 1  # Blender moves the tab to the front while a panel of order 0 is shown
    bl_options = {"HIDE_HEADER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..engine import pump

        return bool(properties.message(context).text or pump.shown())

    def draw(self, context: bpy.types.Context) -> None:
        from ..engine import pump

        for task in pump.shown():
            _task(self.layout, task)
        if properties.message(context).text:
            draw_message(self.layout, context)


def _task(layout: bpy.types.UILayout, task: Task) -> None:
    from ..operators import lines

    news, column = task.progress, layout.column(align=True)
    name = (news.stage_name or news.stage) if news else ""  # the details would be cut off
    row = column.row(align=True)
    row.label(text=f"{name or task.label}...", icon="SORTTIME")
    row.operator("ludvig.cancel", text="", icon="X").number = task.number
    if news and news.total:
        count = f"{news.done} of {news.total}" if news.total not in (1, 100) else ""
        left = lines.duration(news.seconds_left) if news.seconds_left else ""
        column.progress(factor=news.done / news.total, text=", ".join(filter(None, (count, left))))


def draw_message(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the newest error and its fixes."""
    from ..data import messages
    from ..operators import lines
    from . import remedies

    message = properties.message(context)
    box = layout.box()
    row = box.row()
    lines.draw(row, message.text, "ERROR", context)
    row.operator("ludvig.dismiss", text="", icon="X", emboss=False)
    for fix in messages.fixes():
        if not remedies.draw(box, fix):
            lines.draw(box, fix.text, "BLANK1", context)


register, unregister = bpy.utils.register_classes_factory((StatusPanel,))
