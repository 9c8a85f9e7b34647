"""Show errors to the user: in the status bar and, until the next success, in the panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bpy

from ...ludvig_engine.errors import EngineError, Fix
from ..translation.say import say_report
from ..translation.wrapping import wrapped
from . import properties, window

if TYPE_CHECKING:
    from .types import Outcome

WIDTH = 80  # letters of a line in a box at the mouse, which does not wrap


def show(error: EngineError) -> None:
    """Show an error with its remedies in the panel."""
    message = properties.message(bpy.context)
    message.text = error.message
    message.fixes.clear()
    for fix in error.fixes:
        kept = message.fixes.add()
        kept.text = fix.text
        kept.action = fix.action
        kept.arguments = json.dumps(dict(fix.arguments))


def pop_up(error: EngineError) -> None:
    """Show an error in the panel, and in a box at the mouse for users who do not see the panel."""
    show(error)
    texts = [error.message, *(fix.text for fix in error.fixes)]
    if any(fix.action for fix in error.fixes):
        texts.append("The sidebar (N) has buttons for this, in the tab LUDVIG.")

    def draw(menu: bpy.types.UIPopupMenu, _context: bpy.types.Context) -> None:
        layout = menu.layout
        assert layout is not None
        for text in texts:
            for line in wrapped(say_report(text), WIDTH):
                layout.label(text=line)

    if bpy.context.window_manager and not bpy.app.background:
        with bpy.context.temp_override(window=window.current()):
            bpy.context.window_manager.popup_menu(draw, title="LUDVIG", icon="ERROR")


def clear() -> None:
    """Remove the error from the panel."""
    message = properties.message(bpy.context)
    message.text = ""
    message.fixes.clear()


def fixes() -> list[Fix]:
    """The remedies of the error that the panel shows."""
    kept = properties.message(bpy.context).fixes
    return [Fix(fix.text, fix.action, json.loads(fix.arguments)) for fix in kept]


def line(error: EngineError) -> str:
    """An error and its remedies in the user's language."""
    return " ".join(map(say_report, (error.message, *(fix.text for fix in error.fixes))))


def fail(operator: bpy.types.Operator, error: EngineError) -> Outcome:
    """Show an error to the user of an operator, and give what the operator returns then."""
    show(error)
    operator.report({"ERROR"}, line(error))
    return {"CANCELLED"}
