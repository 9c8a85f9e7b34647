"""Operators that install, start and stop the engine, show its log, and cancel its tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, StringProperty

from ...ludvig_engine.errors import EngineError, Fix
from ..data import properties

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import Memory
    from ..data.types import Outcome
    from ..engine.pump import Steps, Work

OFFLINE = "Blender may not go online: allow it in Preferences > System > Network"
INSTALLING = "install"  # the `kind` of the task


def _online(cls: type[bpy.types.Operator], otherwise: str = "") -> bool:
    if not bpy.app.online_access:
        cls.poll_message_set(OFFLINE + otherwise)
        return False
    return True


def _idle(cls: type[bpy.types.Operator]) -> bool:
    from ..engine import pump

    if any(task.kind == INSTALLING for task in pump.every()):
        cls.poll_message_set("The engine is being installed")
        return False
    return True


class InstallEngine(bpy.types.Operator):
    """Install the engine in its own Python environment, outside Blender. Shows the size first"""

    bl_idname = "ludvig.install_engine"
    bl_label = "Install Engine"

    learned: BoolProperty(
        name="Learned Features",
        description="Also install PyTorch and small models that recognize objects. "
        "Without them, splats are told apart by color only",
        default=True,
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _online(cls, ", or choose an existing Python") and _idle(cls)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        return context.window_manager.invoke_props_dialog(
            self, width=440, title="Install Engine", confirm_text="Install"
        )

    def draw(self, _context: bpy.types.Context) -> None:
        import shutil

        from ..engine import install, settings
        from . import lines

        layout, folder = self.layout, settings.folder()
        existing = next(place for place in (folder, *folder.parents) if place.exists())
        kept = install.CORE_SIZE + self.learned * install.LEARNED_SIZE
        column = layout.column(align=True)
        column.label(text="The engine is installed in a folder of its own:", icon="PACKAGE")
        column.label(text=str(folder), icon="FILE_FOLDER")
        free = shutil.disk_usage(existing).free
        need = install.needed(learned=self.learned)
        text = f"{lines.size(kept)} on disk, {lines.size(need)} while installing"
        text += f"; {lines.size(free)} are free"
        column.label(text=text, icon="ERROR" if free < need else "DISK_DRIVE")
        layout.prop(self, "learned", text=f"Learned features ({lines.size(install.LEARNED_SIZE)})")

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import install, link, pump, settings

        if not bpy.app.online_access:
            fixes = [Fix("Allow online access.", "allow_network")]
            return messages.fail(self, EngineError("offline", "Blender may not go online.", fixes))
        installation = install.Installation(settings.folder())
        learned = self.learned

        def steps() -> Steps:
            work = pump.Work(lambda work: installation.install(work, learned=learned))
            try:
                yield work
            finally:
                work.cancel()
            messages.clear()
            settings.look()
            link.stop()
            yield from link.running()

        # A running engine would keep files open that must be replaced.
        link.stop()
        return link.finish(
            self, pump.start(steps(), label="Installing the engine", kind=INSTALLING)
        )


class RemoveEngine(bpy.types.Operator):
    """Delete the Python environment of the engine. Models and computed features stay"""

    bl_idname = "ludvig.remove_engine"
    bl_label = "Remove Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        from ..engine import settings

        if settings.state() == "none":
            cls.poll_message_set("The engine is not installed")
            return False
        return _idle(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        return context.window_manager.invoke_confirm(
            self, event, title="Remove the engine?", confirm_text="Remove"
        )

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..engine import install, link, pump, settings

        installation = install.Installation(settings.folder())

        def steps() -> Steps:
            yield pump.in_thread(installation.remove)
            settings.look()

        link.stop(wait=True)
        return link.finish(self, pump.start(steps(), label="Removing the engine"))


class FetchModel(bpy.types.Operator):
    """Download the weights of a model. The size and the license are shown first"""

    bl_idname = "ludvig.fetch_model"
    bl_label = "Download Model"

    model: StringProperty(
        options={"HIDDEN", "SKIP_SAVE"}, description="Its name in `ludvig models list`"
    )
    about: StringProperty(
        options={"HIDDEN", "SKIP_SAVE"},
        description="Text to show first. If empty, the size and the license",
    )
    size: FloatProperty(
        options={"HIDDEN", "SKIP_SAVE"}, description="Size of the download in bytes"
    )
    licence: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="License of the weights")

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _online(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        from . import lines

        return context.window_manager.invoke_confirm(
            self,
            event,
            title=f"Download {self.model}?",
            message=self.about or f"{lines.size(self.size)}, license {self.licence}",
            confirm_text="Download",
        )

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import install, interpreter, link, pump, settings

        try:
            place = interpreter.find()
        except EngineError as error:
            return messages.fail(self, error)
        installation, models = install.Installation(settings.folder()), self.model.split()

        def fetch(work: Work) -> None:
            for model in models:
                installation.fetch(work, model, python=place.python, environment=place.environment)

        def steps() -> Steps:
            work = pump.Work(fetch)
            try:
                yield work
            finally:
                work.cancel()
            messages.clear()
            link.ask_about_itself()

        return link.finish(self, pump.start(steps(), label=f"Downloading {self.model}"))


class RestartEngine(bpy.types.Operator):
    """Stop the engine and start it again. Computed features are kept"""

    bl_idname = "ludvig.restart_engine"
    bl_label = "Restart Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _idle(cls)

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import link

        link.stop()
        messages.clear()
        return link.finish(self, link.start())


class StopEngine(bpy.types.Operator):
    """Stop the engine and free its memory. It starts again when it is needed"""

    bl_idname = "ludvig.stop_engine"
    bl_label = "Stop Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        from ..engine import link

        if link.state() == "stopped":
            cls.poll_message_set("The engine is not running")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..engine import link, pump

        link.stop()
        pump.redraw()
        return {"FINISHED"}


class FreeMemory(bpy.types.Operator):
    """Let the engine unload its models and scenes. It loads them again when they are needed"""

    bl_idname = "ludvig.free_memory"
    bl_label = "Free Memory"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        from ..engine import link

        if link.state() != "running":
            cls.poll_message_set("The engine is not running, so it uses no memory")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import FreeMemory as Request
        from ..engine import link

        def done(memory: Memory) -> None:
            if connection := link.connection():
                connection.memory = memory
                connection.scenes.clear()

        return link.finish(self, link.ask(Request(), done=done, label="Freeing memory"))


class Cancel(bpy.types.Operator):
    """Cancel this task. What is already finished is kept"""

    bl_idname = "ludvig.cancel"
    bl_label = "Cancel"

    number: IntProperty(
        description="Number of the task; 0 means all", options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..engine import pump

        for task in pump.every():
            if task.label and self.number in (0, task.number):
                task.cancel()
        return {"FINISHED"}


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
        if log() is None:
            cls.poll_message_set("There is no log: the engine has not run yet")
            return False
        return True

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


CLASSES = (
    *(InstallEngine, RemoveEngine, FetchModel, RestartEngine, StopEngine, FreeMemory),
    *(Cancel, Dismiss, ShowLog, CopyReport, OpenPreferences),
)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
