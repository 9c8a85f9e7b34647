"""The top panel in the sidebar (N), tab LUDVIG: running tasks and the newest error, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from ...ludvig_engine.stages import DOWNLOAD
from ..data import properties
from ..translation.say import say
from .sidebar import Sidebar

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

    from ..engine.tasks import Task


class StatusPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_status"
    # The header tells what is under way. A panel without a header would move the tab to the front
    # of all tabs while it is there.
    bl_label = ""
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..engine import pump

        return bool(properties.message(context).text or pump.shown())

    def draw_header(self, _context: bpy.types.Context) -> None:
        from ..engine import pump

        tasks = pump.shown()
        text, icon = (_name(tasks[0]), "SORTTIME") if tasks else ("What happened", "ERROR")
        self.layout.label(text=text, icon=cast("IconItems", icon))

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        from ..engine import pump

        if tasks := pump.shown():
            cancel = self.layout.operator("ludvig.cancel", text="", icon="X", emboss=False)
            cancel.number = tasks[0].number

    def draw(self, context: bpy.types.Context) -> None:
        from ..engine import pump

        for number, task in enumerate(pump.shown()):
            _draw_task(self.layout, task, named=number == 0)
        if properties.message(context).text:
            draw_message(self.layout, context)


def _name(task: Task) -> str:
    news = task.progress
    # The details would be cut off.
    return f"{say(((news.stage_name or news.stage) if news else '') or task.label)}..."


def _draw_task(layout: bpy.types.UILayout, task: Task, *, named: bool) -> None:
    """Draw how far a task is; unless the header has its name, also the name and a button."""
    from ..operators import lines

    news, column = task.progress, layout.column(align=True)
    if not named:
        row = column.row(align=True)
        row.label(text=_name(task), icon="SORTTIME")
        row.operator("ludvig.cancel", text="", icon="X").number = task.number
    done, text = 0.0, ""
    if news and news.stage_id == DOWNLOAD.id and not news.total and news.done:
        text = lines.size(news.done)
    elif news and news.total:
        count = say("{count:,} of {total:,}", count=news.done, total=news.total)
        count = count if news.total not in (1, 100) else ""
        if count and news.stage_id == DOWNLOAD.id:
            count = say("{done} of {size}", done=lines.size(news.done), size=lines.size(news.total))
        left = lines.duration(news.seconds_left) if news.seconds_left else ""
        done, text = news.done / news.total, ", ".join(filter(None, (count, left)))
    # It is there from the first moment, so that what is below moves once only.
    column.progress(factor=done, text=text)


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
