"""Tell the user what went wrong, where they look: in the status bar and, until the next success, in the panel."""

from __future__ import annotations

import json
from typing import Any

import bpy

from ...ludvig_engine.errors import EngineError, Fix


def show(error: EngineError) -> None:
    """Let the panel show an error with its remedies."""
    message = bpy.context.window_manager.ludvig
    message.text = error.message
    message.fixes.clear()
    for fix in error.fixes:
        kept = message.fixes.add()
        kept.text = fix.text
        kept.action = fix.action
        kept.arguments = json.dumps(dict(fix.arguments))


def clear() -> None:
    """Take the message away."""
    message = bpy.context.window_manager.ludvig
    message.text = ""
    message.fixes.clear()


def fixes() -> list[Fix]:
    """The remedies of the error that is shown."""
    kept = bpy.context.window_manager.ludvig.fixes
    return [Fix(fix.text, fix.action, json.loads(fix.arguments)) for fix in kept]


def fail(operator: Any, error: EngineError) -> set[str]:
    """What an operator returns when its user has to know."""
    show(error)
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}
