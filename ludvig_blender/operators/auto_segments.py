"""The operator that divides all splats into segments without prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import FloatProperty, IntProperty

from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import Segments
    from ..data.types import Outcome, SplatObject


class AutoSegments(bpy.types.Operator):
    """Divide all splats into segments by their features, without prompts"""

    bl_idname = "ludvig.segments_auto"
    bl_label = "Find All Segments"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    detail: FloatProperty(
        name="Detail",
        description="0 finds few large segments, 1 finds many small ones",
        min=0,
        max=1,
        default=0.5,
    )
    limit: IntProperty(
        name="At Most",
        description="Number of segments to keep; the largest are kept",
        min=1,
        max=100,
        default=12,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import AutoSegments as Request
        from ..data import splats
        from ..engine import solve, subject

        thing = splats.splat_objects(context)[0]
        limit = self.limit

        def done(thing: SplatObject, answer: Segments) -> None:
            commit.run(lambda: _write_all(thing, answer.labels, min(answer.count, limit)))
            messages.clear()

        request = Request("", solve.extractor(thing), self.detail)
        task = subject.of(thing).ask(request, done=done, label="Finding all segments")
        return link.finish(self, task)


def _write_all(thing: SplatObject, labels: np.ndarray, count: int) -> None:
    from ..data import segments

    for label in range(count):
        segments.assign(thing, segments.add(thing, f"Part {label + 1}"), labels == label)


register, unregister = bpy.utils.register_classes_factory((AutoSegments,))
