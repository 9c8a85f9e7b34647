"""Tell the user what went wrong, where they look: in the status bar and, until the next success, in the panel."""

from __future__ import annotations

from typing import Any

import bpy

from ...ludvig_engine.errors import EngineError


def show(error: EngineError) -> None:
    """Let the panel show an error with its remedies."""
    message = bpy.context.window_manager.ludvig
    message.text, message.fixes = error.message, "\n".join(error.fixes)


def clear() -> None:
    """Take the message away."""
    message = bpy.context.window_manager.ludvig
    message.text = message.fixes = ""


def fail(operator: Any, error: EngineError) -> set[str]:
    """What an operator returns when its user has to know."""
    show(error)
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}
