"""Operators about what went wrong: dismiss a message, open the log, copy a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from ..data import properties
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome


class Dismiss(bpy.types.Operator):
    """Close this message"""

    bl_idname = "ludvig.dismiss"
    bl_label = "Dismiss"

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages

        messages.clear()
        return {"FINISHED"}


class ShowLog(bpy.types.Operator):
    """Open the log of the engine or of its installation"""

    bl_idname = "ludvig.show_log"
    bl_label = "Show Log"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        what = "There is no log: the engine has not run yet"
        return polls.met(cls, log() is not None, what)

    def execute(self, _context: bpy.types.Context) -> Outcome:
        bpy.ops.wm.path_open(filepath=str(log()))
        return {"FINISHED"}


class CopyReport(bpy.types.Operator):
    """Copy versions and the end of the log, without the path of your home folder"""

    bl_idname = "ludvig.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> Outcome:
        context.window_manager.clipboard = report()
        self.report({"INFO"}, "The report is copied: paste it where you ask for help")
        return {"FINISHED"}


class OpenPreferences(bpy.types.Operator):
    """Open the preferences of LUDVIG, where you choose a Python and folders"""

    bl_idname = "ludvig.preferences"
    bl_label = "Preferences"

    network: BoolProperty(
        options={"HIDDEN", "SKIP_SAVE"},
        description="Open Blender's own preferences instead, for online access",
    )

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..engine import settings

        if self.network:
            bpy.ops.screen.userpref_show()
            context.preferences.active_section = "SYSTEM"
        else:
            bpy.ops.preferences.addon_show(module=settings.PACKAGE)
        return {"FINISHED"}


def log() -> Path | None:
    """The path of the engine's log, or of the log of its installation."""
    from ..engine import install, link, settings

    connection = link.connection()
    process = connection.client.process if connection else None
    places = [
        process.log if process else None,
        install.Installation(settings.folder()).log,
    ]
    return next((place for place in places if place and place.is_file()), None)


def report() -> str:
    """Versions, state, and the last lines of the log, with the home folder shortened."""
    import platform

    from ... import ludvig_engine
    from ..engine import link, settings

    versions = f"LUDVIG {ludvig_engine.__version__}, Blender {bpy.app.version_string}"
    lines = [f"{versions}, {platform.platform()}"]
    lines += [f"engine: {link.state()}, installation: {settings.state()}"]
    if (connection := link.connection()) and connection.memory:
        lines += [connection.memory.device]
    message = properties.message(bpy.context)
    lines += [message.text, *(fix.text for fix in message.fixes)] if message.text else []
    if path := log():
        lines += ["", *path.read_text("utf-8", errors="replace").splitlines()[-200:]]
    return "\n".join(lines).replace(str(Path.home()), "~")


CLASSES = (Dismiss, ShowLog, CopyReport, OpenPreferences)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
