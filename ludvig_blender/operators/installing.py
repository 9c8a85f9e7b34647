"""Operators that install and remove the engine, and fetch models for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ...ludvig_engine.errors import Cancelled, EngineError, Fix
from ..translation.say import say, say_tip
from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome
    from ..engine.install import Installation
    from ..engine.tasks import Steps
    from ..engine.waiting import Work


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
        from ..engine import install

        why = install.obstacle()
        tip = say_tip("{why} Choose an existing Python", why=why)
        offline = (
            "Blender may not go online: allow it in Preferences > System > Network, or choose an "
            "existing Python"
        )
        able = polls.met(cls, not why, tip) and polls.online(cls, offline)
        return able and polls.not_installing(cls)

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
        build = install.chosen_build()
        learned = self.learned * build.size
        column = layout.column(align=True)
        column.label(text="The engine is installed in a folder of its own:", icon="PACKAGE")
        column.label(text=str(folder), icon="FILE_FOLDER")
        free = shutil.disk_usage(existing).free
        need = install.needed(learned)
        text = say(
            "{size} on disk, {need} while installing; {free} are free",
            size=lines.size(install.CORE_SIZE + learned),
            need=lines.size(need),
            free=lines.size(free),
        )
        column.label(text=text, icon="ERROR" if free < need else "DISK_DRIVE")
        if self.learned and build.unseen:
            column.label(text="This is the most that PyTorch takes: your package index decides.")
        text = say("Learned features ({size})", size=lines.size(build.size))
        layout.prop(self, "learned", text=text)

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import install, link, pump, settings

        if not bpy.app.online_access:
            fixes = [Fix("Allow online access.", "allow_network")]
            return messages.fail(self, EngineError("offline", "Blender may not go online.", fixes))
        steps = installing(install.Installation(settings.folder()), learned=self.learned)
        # A running engine would keep files open that must be replaced.
        link.stop()
        return link.finish(
            self, pump.start(steps, label="Installing the engine", kind=polls.INSTALLING)
        )


def installing(installation: Installation, *, learned: bool) -> Steps:
    """The steps to an engine that runs; the panel knows what is there however they end."""
    from ..data import messages
    from ..engine import link, settings, waiting

    work = waiting.Work(lambda work: installation.install(work, learned=learned))
    try:
        yield work
    except Cancelled:
        # What is there is known when the programs have ended, which takes 0.2 s.
        work.cancel()
        yield waiting.Until(lambda: work.done)
        raise
    finally:
        work.cancel()
        settings.look()
    messages.clear()
    link.stop()
    yield from link.running()


class RemoveEngine(bpy.types.Operator):
    """Delete the Python environment of the engine. Models and computed features stay"""

    bl_idname = "ludvig.remove_engine"
    bl_label = "Remove Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        from ..engine import settings

        installed = settings.state() != "none"
        return polls.met(cls, installed, "The engine is not installed") and polls.not_installing(
            cls
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        return context.window_manager.invoke_confirm(
            self, event, title="Remove the engine?", confirm_text="Remove"
        )

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..engine import install, link, pump, settings, waiting

        installation = install.Installation(settings.folder())

        def steps() -> Steps:
            yield waiting.in_thread(installation.remove)
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
        return polls.online(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        from . import lines

        terms = say("{size}, license {name}", size=lines.size(self.size), name=self.licence)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=say("Download {name}?", name=self.model),
            message=self.about or terms,
            confirm_text="Download",
        )

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..data import messages
        from ..engine import install, interpreter, link, pump, settings, waiting

        try:
            place = interpreter.find()
        except EngineError as error:
            return messages.fail(self, error)
        installation, models = install.Installation(settings.folder()), self.model.split()

        def fetch(work: Work) -> None:
            for model in models:
                installation.fetch(work, model, python=place.python, environment=place.environment)

        def steps() -> Steps:
            work = waiting.Work(fetch)
            try:
                yield work
            finally:
                work.cancel()
            messages.clear()
            link.ask_about_itself()

        return link.finish(
            self, pump.start(steps(), label=say("Downloading {name}", name=self.model))
        )


CLASSES = (InstallEngine, RemoveEngine, FetchModel)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
