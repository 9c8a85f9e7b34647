"""Grow and shrink the selection along the engine's graph, whose neighbors touch and look alike.

If exactly the active segment is selected, it grows and shrinks with the selection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import IntProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import Resized
    from ..data.types import Outcome, SplatObject


class Resize(polls.Mixin):
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    hops: IntProperty(
        name="Steps",
        description="How many times neighbors are added or removed",
        min=1,
        max=50,
        default=1,
    )
    request = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.selection(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire import methods
        from ..data import splats
        from ..engine import solve, subject

        thing = splats.splat_objects(context)[0]
        method = getattr(methods, self.request)
        # The operator is gone when the answer arrives.
        step, hops = self.bl_label, self.hops
        before: np.ndarray | None = None  # the selection that was sent

        def request(thing: SplatObject) -> methods.Request[Resized]:
            nonlocal before
            before = splats.selection(thing.data)
            return method("", before, hops, solve.extractor(thing))

        def done(thing: SplatObject, answer: Resized) -> None:
            import numpy as np

            assert before is not None
            if not np.array_equal(before, splats.selection(thing.data)):
                message = "The selection has changed in the meantime, so the result was dropped."
                raise EngineError("changed", message, ["Try again."])
            commit.run(step, lambda: _write(thing, answer.selected))
            messages.clear()

        task = subject.of(thing).ask(
            request, done=done, replaces=f"resize {thing.session_uid}", label=self.bl_label
        )
        return link.finish(self, task)


def _write(thing: SplatObject, chosen: np.ndarray) -> None:
    from ..data import segments

    segment = segments.active(thing)
    own = segment is not None and segments.selection_shown(thing, segment)
    segments.reselect(thing, chosen, with_segment=own)


class Grow(Resize, bpy.types.Operator):
    """Select the neighbors of the selected splats that look like them"""

    bl_idname = "ludvig.grow"
    bl_label = "Grow"
    request = "GrowSegment"


class Shrink(Resize, bpy.types.Operator):
    """Deselect the selected splats that have unselected neighbors"""

    bl_idname = "ludvig.shrink"
    bl_label = "Shrink"
    request = "ShrinkSegment"


register, unregister = bpy.utils.register_classes_factory((Grow, Shrink))
