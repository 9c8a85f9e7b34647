"""The top panel in the sidebar (N), tab LUDVIG: what is under way, and the newest error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import bpy

from ...ludvig_engine.stages import DOWNLOAD
from ..data import properties
from ..translation.say import say
from .sidebar import Sidebar, has_splats

if TYPE_CHECKING:
    from ..engine.tasks import Task


# Seconds after which a task gets a line for how far it is. Clicks end sooner, and a line that comes
# and goes would move the sections below while somebody works in them.
LONG = 5.0


class StatusPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_status"
    # The header tells what is under way, and is there before and after. A panel without a header
    # would move the tab to the front of all tabs while it is there.
    bl_label = ""
    bl_order = 1
    bl_options = {"HEADER_LAYOUT_EXPAND"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..engine import pump

        if properties.message(context).text or pump.shown():
            return True
        return has_splats(context)

    def draw_header(self, context: bpy.types.Context) -> None:
        from ..engine import pump

        if tasks := pump.shown():
            _draw_task(self.layout, tasks[0])
        elif properties.message(context).text:
            self.layout.label(text="What happened", icon="ERROR")
        else:
            self.layout.label(text="Ready", icon="CHECKMARK")

    def draw(self, context: bpy.types.Context) -> None:
        from ..engine import pump

        for number, task in enumerate(pump.shown()):
            if number:
                _draw_task(self.layout, task)
            if time.monotonic() - task.begun > LONG:
                # Also while there is nothing to tell, so that it does not come and go.
                self.layout.label(text=_told(task), translate=False)
        if properties.message(context).text:
            draw_message(self.layout, context)


def _draw_task(layout: bpy.types.UILayout, task: Task) -> None:
    """Draw what a task does as a bar, and the button that cancels it."""
    news = task.progress
    name = say((news.stage_name or news.stage if news else "") or task.label)
    done = news.done / news.total if news and news.total else 0.0
    row = layout.row(align=True)
    row.progress(factor=done, text=f"{name}...")
    row.operator("ludvig.cancel", text="", icon="X").number = task.number


def _told(task: Task) -> str:
    """How much of a task is done, and how long the rest takes."""
    from ..operators import lines

    news = task.progress
    if not news:
        return ""
    if news.stage_id == DOWNLOAD.id and not news.total:
        return lines.size(news.done) if news.done else ""
    count = say("{count:,} of {total:,}", count=news.done, total=news.total)
    count = count if news.total not in (0, 1, 100) else ""
    if count and news.stage_id == DOWNLOAD.id:
        count = say("{done} of {size}", done=lines.size(news.done), size=lines.size(news.total))
    left = lines.duration(news.seconds_left) if news.total and news.seconds_left else ""
    return ", ".join(filter(None, (count, left)))


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
