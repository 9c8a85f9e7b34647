"""Select what floats in the air: a segment of its own, whose certainty is the strength."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import Floaters
    from ..data.types import Outcome, SplatObject

NAME = "Floaters"


class SelectFloaters(bpy.types.Operator):
    """Find splats that float in the air."""

    # Tooltips have their own line breaks, so a docstring with breaks would not do.
    bl_description = (
        "Find splats that float in the air and belong to no surface, as a segment of their own. "
        "Its slider chooses fewer or more of them, without asking the engine again"
    )
    bl_idname = "ludvig.select_floaters"
    bl_label = "Select Floaters"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import FindFloaters
        from ..data import splats
        from ..engine import subject

        # The operator is gone when the answer arrives.
        thing, step = splats.splat_objects(context)[0], self.bl_label

        def done(thing: SplatObject, answer: Floaters) -> None:
            commit.run(step, lambda: _write(thing, answer))
            messages.clear()

        task = subject.of(thing).ask(
            FindFloaters(""),
            done=done,
            label=self.bl_label,
        )
        return link.finish(self, task)


def _write(thing: SplatObject, answer: Floaters) -> None:
    """Into the segment of that name if there is one, so that finding again adds none."""
    from ..data import segments

    own = thing.ludvig
    names = [segment.name for segment in own.segments]
    if NAME in names:
        own.active_segment = names.index(NAME)
        segment = own.segments[own.active_segment]
    else:
        segment = segments.add(thing, NAME)
    segments.write(thing, segment, answer.scores, 1 - answer.strength)


register, unregister = bpy.utils.register_classes_factory((SelectFloaters,))
