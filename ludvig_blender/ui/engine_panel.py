"""The panel "Engine" in the sidebar (N), tab LUDVIG: its state and device, and its buttons.

The preferences show the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...ludvig_engine.errors import Fix
from ..translation.say import say
from . import remedies
from .sidebar import Sidebar

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

STATES: dict[str, tuple[str, IconItems]] = {
    "stopped": ("Starts when it is needed", "PAUSE"),
    "starting": ("Starting", "SORTTIME"),
    "running": ("Running", "CHECKMARK"),
    "crashed": ("Has stopped unexpectedly", "ERROR"),
}

# The button by the state of the installation.
INSTALL = {"none": "Install Engine...", "incomplete": "Repair...", "outdated": "Update..."}


class EnginePanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_engine"
    bl_label = "Engine"
    bl_order = 20
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        draw_engine(self.layout, context)
        self.layout.operator("ludvig.preferences", icon="PREFERENCES")


def draw_engine(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the state of the engine and its buttons."""
    from ..engine import interpreter, link, settings
    from ..operators import lines

    state, installed = link.state(), settings.state()
    own = settings.python()
    if state == "stopped" and own is None and installed != "complete":
        warning = installed == "incomplete"
        lines.draw(layout, interpreter.WHY[installed], "ERROR" if warning else "INFO", context)
        layout.operator("ludvig.install_engine", text=INSTALL[installed], icon="IMPORT")
        if not bpy.app.online_access:
            # Why the button above is gray would only be in its tooltip.
            lines.draw(layout, "Blender may not go online yet.", "INFO", context)
            remedies.draw(layout, Fix("Allow online access.", "allow_network"))
    else:
        text, icon = STATES[state]
        layout.label(text=text, icon=icon)
    connection = link.connection()
    if state == "running" and connection and connection.memory:
        memory = connection.memory
        layout.label(text=memory.device, icon="MEMORY")
        free, total = lines.size(memory.free), lines.size(memory.total)
        text = say("{free} of {total} free", free=free, total=total)
        layout.label(text=text, icon="BLANK1")
    row = layout.row(align=True)
    text = "Start" if state == "stopped" else "Restart"
    row.operator("ludvig.restart_engine", text=text, icon="FILE_REFRESH")
    row.operator("ludvig.stop_engine", text="Stop", icon="X")
    row.operator("ludvig.free_memory", text="Free Memory")
    row = layout.row(align=True)
    row.operator("ludvig.show_log", icon="TEXT")
    row.operator("ludvig.copy_report", icon="COPYDOWN")
    if installed != "none":  # below, because a third button in the row would cut the texts off
        layout.operator("ludvig.remove_engine", text="Remove...", icon="TRASH")


register, unregister = bpy.utils.register_classes_factory((EnginePanel,))
