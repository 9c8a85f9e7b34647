"""The one operator that writes the engine's answers to splats, so that an answer is one undo step.

Answers arrive in a timer, where no operator runs, and arrays cannot be an operator's properties. So
the operator calls a function that writes the answer. It makes the undo step itself, because Blender
would name it after the operator, and not after what the user has done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import window

if TYPE_CHECKING:
    from ..data.types import Outcome

_write: Callable[[], object] | None = None
_error: EngineError | None = None


class Commit(bpy.types.Operator):
    """Write the engine's result to the splats"""

    bl_idname = "ludvig.commit"
    bl_label = "Write Result"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    step: StringProperty(description="The name of the undo step", options={"SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> Outcome:
        global _write, _error
        write, _write = _write, None
        if write is None:
            return {"CANCELLED"}
        try:
            write()
        except EngineError as error:
            _error = error
            return {"CANCELLED"}
        bpy.ops.ed.undo_push(message=self.step)
        return {"FINISHED"}


def run(step: str, write: Callable[[], object]) -> None:
    """Call `write()` as one undo step of this name. Raises its `EngineError`."""
    global _write, _error
    _write, _error = write, None
    with bpy.context.temp_override(window=window.current()):
        # The stubs do not know our own operators.
        bpy.ops.ludvig.commit("EXEC_DEFAULT", step=step)  # type: ignore[attr-defined]
    if _error:
        raise _error


def register() -> None:
    bpy.utils.register_class(Commit)


def unregister() -> None:
    bpy.utils.unregister_class(Commit)
