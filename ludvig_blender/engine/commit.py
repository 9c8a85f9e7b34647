"""The one operator by which the engine's answers reach splats: everything of an answer is one step of undo.

Answers arrive in a timer, where no operator runs; arrays cannot be an operator's properties. So what is to be written
is a function, called by the operator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from ...ludvig_engine.errors import EngineError

_write: Callable[[], object] | None = None
_error: EngineError | None = None


class Commit(bpy.types.Operator):
    """Write what the engine has found"""

    bl_idname = "ludvig.commit"
    bl_label = "Find Splats"
    bl_options = {"INTERNAL", "UNDO"}  # noqa: RUF012

    def execute(self, _context: Any) -> set[str]:
        global _write, _error
        write, _write = _write, None
        if write is None:
            return {"CANCELLED"}
        try:
            write()
        except EngineError as error:
            _error = error
            return {"CANCELLED"}
        return {"FINISHED"}


def run(write: Callable[[], object]) -> None:
    """Call `write()` as one step of undo. Raises its `EngineError`."""
    global _write, _error
    _write, _error = write, None
    windows = bpy.context.window_manager.windows
    with bpy.context.temp_override(
        window=windows[0] if windows and not bpy.context.window else bpy.context.window
    ):
        bpy.ops.ludvig.commit("EXEC_DEFAULT", True)
    if _error:
        raise _error


def register() -> None:
    bpy.utils.register_class(Commit)


def unregister() -> None:
    bpy.utils.unregister_class(Commit)
