"""N sidebar, tab LUDVIG, "Engine": whether it runs, and on what. The same is in the preferences."""

from __future__ import annotations

from typing import Any

import bpy

STATES = {
    "stopped": ("Starts when it is needed", "PAUSE"),
    "starting": ("Starting", "SORTTIME"),
    "running": ("Runs", "CHECKMARK"),
    "crashed": ("Has stopped unexpectedly", "ERROR"),
}


class EnginePanel(bpy.types.Panel):
    bl_idname = "LUDVIG_PT_engine"
    bl_label = "Engine"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "LUDVIG"
    bl_order = 20
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: Any) -> None:
        draw_engine(self.layout, context)
        self.layout.operator("ludvig.preferences", icon="PREFERENCES")


def draw_engine(layout: Any, _context: Any) -> None:
    """State and buttons."""
    from ..engine import interpreter, link, settings
    from ..operators import lines

    state, installed = link.state(), settings.state()
    own = settings.python()
    if state == "stopped" and own is None and installed != "complete":
        layout.label(
            text=interpreter.WHY[installed], icon="ERROR" if installed == "incomplete" else "INFO"
        )
        text = {"none": "Install Engine...", "incomplete": "Repair...", "outdated": "Update..."}[
            installed
        ]
        layout.operator("ludvig.install_engine", text=text, icon="IMPORT")
    else:
        text, icon = STATES[state]
        layout.label(text=text, icon=icon)
    connection = link.connection()
    if state == "running" and connection and connection.memory:
        memory = connection.memory
        layout.label(text=memory.device, icon="MEMORY")
        layout.label(
            text=f"{lines.size(memory.free)} of {lines.size(memory.total)} free", icon="BLANK1"
        )
    row = layout.row(align=True)
    row.operator(
        "ludvig.restart_engine",
        text="Start" if state == "stopped" else "Restart",
        icon="FILE_REFRESH",
    )
    row.operator("ludvig.stop_engine", text="Stop", icon="X")
    row.operator("ludvig.free_memory", text="Free Memory")
    row = layout.row(align=True)
    row.operator("ludvig.show_log", icon="TEXT")
    row.operator("ludvig.copy_report", icon="COPYDOWN")
    if installed != "none":
        row.operator("ludvig.remove_engine", text="Remove...", icon="TRASH")


def register() -> None:
    bpy.utils.register_class(EnginePanel)


def unregister() -> None:
    bpy.utils.unregister_class(EnginePanel)
