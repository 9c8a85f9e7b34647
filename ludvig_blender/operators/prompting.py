"""Operators that add prompts to a segment: what they share, and the one for words.

Those that are drawn in a view are in drawing.py, and those that change prompts in prompt_list.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages, properties
from ..engine import link
from ..maths import kinds
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import Viewport
    from ..data.types import Outcome

MODES = (
    ("SET", "Set", "Remove all other prompts of the segment"),
    ("ADD", "Add", "This belongs to the object too (Shift)"),
    ("REMOVE", "Remove", "This is not part of the object (Ctrl)"),
)


class Prompting(polls.Mixin):
    """What the operators share: the segment, and how the new prompt combines with earlier ones."""

    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    mode: EnumProperty(name="Mode", items=MODES, options={"SKIP_SAVE"})
    segment: StringProperty(
        name="Segment",
        description="Name of the segment, which is added if needed. If empty, the active segment",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def say(
        self,
        context: bpy.types.Context,
        kind: str,
        *,
        text: str = "",
        through: bool = False,
        where: tuple[Viewport, np.ndarray, float] | None = None,
    ) -> Outcome:
        """Add a prompt and find the segment. `where`: viewport, pixels, radius; None for words."""
        from ..data import prompts, segments, sights, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        segment = (
            thing.ludvig.segments.get(self.segment) if self.segment else segments.active(thing)
        )
        if segment is None:
            segment = segments.add(thing, self.segment or text or "Segment")
        elif self.mode == "SET":
            prompts.clear(segment)
        prompt = prompts.add(
            segment, kind, positive=self.mode != "REMOVE", through=through, text=text
        )
        if where:
            prompts.place(prompt, *where)
            sights.note(thing, prompt)
        return link.finish(self, solve.start(thing, segment, prompts.title(prompt)))


class Text(Prompting, bpy.types.Operator):
    """Find the object that the words describe"""

    bl_idname = "ludvig.text"
    bl_label = "Find by Text"

    text: StringProperty(
        name="Text",
        description="Words that describe the object, such as: the flower pot",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> Outcome:
        words = " ".join((self.text or properties.tools(context).text).split())
        if not words:
            fixes = ["Type what you want to find."]
            return messages.fail(self, EngineError("bad_input", "There are no words.", fixes))
        return self.say(context, kinds.Text.id, text=words)


register, unregister = bpy.utils.register_classes_factory((Text,))
