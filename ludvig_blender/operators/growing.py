"""Grow and shrink the selection along the engine's graph: to what looks alike and touches, not into what is near.

If exactly the active segment is selected, it grows and shrinks with the selection.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import IntProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import commit, link
from . import polls


class Resize:
    bl_options = {"REGISTER"}  # noqa: RUF012 - the step of undo comes with the answer

    hops: IntProperty(
        name="Steps", description="How far, in neighboring splats", min=1, max=50, default=1
    )
    request = ""

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.selection(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.wire import methods
        from ..data import splats
        from ..engine import solve, subject

        thing = splats.splat_objects(context)[0]
        before = splats.selection(thing.data)
        request = getattr(methods, self.request)("", before, self.hops, solve.extractor(thing))

        def done(thing: Any, answer: Any) -> None:
            import numpy as np

            if not np.array_equal(before, splats.selection(thing.data)):
                message = "The selection has changed meanwhile: the result was dropped."
                raise EngineError("changed", message, ["Try again."])
            commit.run(lambda: _write(thing, answer.selected))
            messages.clear()

        task = subject.of(thing).ask(
            request, done=done, replaces=f"resize {thing.session_uid}", label=self.bl_label
        )
        return link.finish(self, task)


def _write(thing: Any, chosen: Any) -> None:
    import numpy as np

    from ..data import segments, splats

    segment = segments.active(thing)
    if segment is not None and segments.selection_shown(thing, segment):
        hidden = segments.hidden(thing)
        segments.assign(thing, segment, np.where(hidden, segments.mask(thing, segment), chosen))
        return
    splats.set_selection(thing.data, chosen & ~segments.hidden(thing))
    segments.changed(thing)


class Grow(Resize, bpy.types.Operator):
    """Select the neighbors of the selected splats that look like them"""

    bl_idname = "ludvig.grow"
    bl_label = "Grow"
    request = "GrowSegment"


class Shrink(Resize, bpy.types.Operator):
    """Deselect the selected splats that have neighbors outside"""

    bl_idname = "ludvig.shrink"
    bl_label = "Shrink"
    request = "ShrinkSegment"


def register() -> None:
    bpy.utils.register_class(Grow)
    bpy.utils.register_class(Shrink)


def unregister() -> None:
    bpy.utils.unregister_class(Shrink)
    bpy.utils.unregister_class(Grow)
