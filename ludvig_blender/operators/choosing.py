"""Operators that choose among what the engine has found: part or whole, and an unsure guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import polls
from .segmenting import chosen

if TYPE_CHECKING:
    from ..data.types import Outcome


class Switch(polls.Mixin):
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    step = 0
    last = ""  # why there is no further one

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.found(cls, context):
            return False
        from ..data import readings

        _, segment = chosen(context)
        what = "There is only one answer to these prompts: click on something"
        return polls.met(cls, bool(readings.steps(segment)), what) and polls.met(
            cls, readings.beside(segment, cls.step) is not None, cls.last
        )

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import readings

        thing, segment = chosen(context)
        reading = readings.beside(segment, self.step)
        assert reading is not None  # as `poll` has checked
        readings.switch(thing, segment, reading)
        return {"FINISHED"}


class Larger(Switch, bpy.types.Operator):
    """Select the next larger thing around the first click"""

    bl_idname = "ludvig.larger"
    bl_label = "Larger Whole"
    step = 1
    last = "This is the largest thing around your click that follows all prompts"


class Smaller(Switch, bpy.types.Operator):
    """Select the next smaller thing around the first click: a part of what is selected"""

    bl_idname = "ludvig.smaller"
    bl_label = "Smaller Part"
    step = -1
    last = "This is the smallest thing around your click that follows all prompts"


class SelectGuess(bpy.types.Operator):
    """Select what fits the words best, although it is not sure that this is in the scene"""

    bl_idname = "ludvig.guess"
    bl_label = "Select It Anyway"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.segment(cls, context):
            return False
        what = "There is no guess: find something by words first"
        return polls.met(cls, chosen(context)[1].guess >= 0, what)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import readings

        readings.select_guess(*chosen(context))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((Larger, Smaller, SelectGuess))
