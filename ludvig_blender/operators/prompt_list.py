"""Operators for the list of a segment's prompts: flip a setting, remove one, find again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, IntProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import link
from ..translation.say import say_report, say_tip
from . import polls
from .segmenting import chosen

if TYPE_CHECKING:
    from ..data.types import Outcome, Segment


class ChangePrompt(bpy.types.Operator):
    """Flip a setting of a prompt, and find the segment again"""

    bl_idname = "ludvig.prompt_change"
    bl_label = "Change Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(description="Number of the prompt, from 0", options={"SKIP_SAVE"})
    what: EnumProperty(
        name="What",
        items=(
            ("POSITIVE", "Positive", "Flip this prompt: part of the object (+), or not (-)"),
            (
                "THROUGH",
                "Through",
                "Flip whether this prompt also means what lies behind the surface",
            ),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        # Any, because the stubs do not know our own properties.
        own: Any = properties
        return say_tip(own.bl_rna.properties["what"].enum_items[own.what].description)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import prompts
        from ..engine import solve

        thing, segment = chosen(context)
        if not 0 <= self.index < len(segment.prompts):
            return _no_prompt(self, self.index, segment)
        prompt, what = segment.prompts[self.index], self.what.lower()
        before = prompts.first(segment)
        setattr(prompt, what, not getattr(prompt, what))
        if prompts.first(segment) != before:
            prompts.read_anew(segment)
        return link.finish(self, solve.start(thing, segment, self.bl_label))


class RemovePrompt(bpy.types.Operator):
    """Remove a prompt, and find the segment from the others"""

    bl_idname = "ludvig.prompt_remove"
    bl_label = "Remove Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(
        default=-1, description="Number of the prompt, from 0; -1 means all", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import prompts, segments
        from ..engine import commit, solve

        thing, segment = chosen(context)
        if not -1 <= self.index < len(segment.prompts):
            return _no_prompt(self, self.index, segment)
        if self.index >= 0:
            if self.index == prompts.first(segment):
                prompts.read_anew(segment)
            segment.prompts.remove(self.index)
        else:
            prompts.clear(segment)
        if segment.prompts:
            return link.finish(self, solve.start(thing, segment, self.bl_label))
        commit.run(self.bl_label, lambda: segments.empty(thing, segment))
        return {"FINISHED"}


class GiveUp(bpy.types.Operator):
    """Stop finding segments, so that the next undo takes back what they were to be found from"""

    bl_idname = "ludvig.give_up"
    bl_label = "Stop Finding"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..engine import solve

        return bool(solve.unanswered())

    def execute(self, _context: bpy.types.Context) -> Outcome:
        from ..engine import pump, solve

        # Without an answer the prompts are not yet an undo step: Blender would go back to before
        # the last answer, and lose that too. A task that is canceled makes them one.
        for task in solve.unanswered():
            task.cancel()
        while solve.unanswered():
            pump.tick()
        return {"PASS_THROUGH"}  # to Blender's own undo, which has the same key


def _no_prompt(operator: bpy.types.Operator, index: int, segment: Segment) -> Outcome:
    what = say_report(
        "There is no prompt {number}: the segment has {count}, counted from 0.",
        number=index,
        count=len(segment.prompts),
    )
    return messages.fail(operator, EngineError("bad_input", what))


class Solve(bpy.types.Operator):
    """Find the segment again from its prompts, for example with other features"""

    bl_idname = "ludvig.solve"
    bl_label = "Find Again"
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..engine import solve

        thing, segment = chosen(context)
        return link.finish(self, solve.start(thing, segment, self.bl_label))


CLASSES = (ChangePrompt, RemovePrompt, Solve, GiveUp)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
