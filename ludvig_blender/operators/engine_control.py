"""Operators that start and stop the engine, free its memory and cancel its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import IntProperty

from . import polls

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import Memory
    from ..data.types import Outcome


class RestartEngine(bpy.types.Operator):
    """Stop the engine and start it again. Computed features are kept"""

    bl_idname = "ludvig.restart_engine"
    bl_label = "Restart Engine"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return polls.not_installing(cls)

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

        return polls.met(cls, link.state() != "stopped", "The engine is not running")

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

        what = "The engine is not running, so it uses no memory"
        return polls.met(cls, link.state() == "running", what)

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


CLASSES = (RestartEngine, StopEngine, FreeMemory, Cancel)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
