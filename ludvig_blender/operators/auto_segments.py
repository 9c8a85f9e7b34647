"""Operators for all segments at once: divide all splats without prompts, and find what is alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import FloatProperty

from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import Segments
    from ..data.types import Outcome, SplatObject


class AutoSegments(bpy.types.Operator):
    """Divide all splats into parts by their looks and shapes, without prompts"""

    bl_idname = "ludvig.segments_auto"
    bl_label = "Find All Segments"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import AutoSegments as Request
        from ..data import splats
        from ..engine import catalog, solve, subject

        # The operator is gone when the answer arrives.
        thing, step = splats.splat_objects(context)[0], self.bl_label
        extractor = solve.extractor(thing)

        def done(thing: SplatObject, answer: Segments) -> None:
            catalog.used(thing, extractor, answer.title, answer.timings)
            commit.run(step, lambda: _write(thing, answer))
            messages.clear()

        request = Request("", extractor, sam=solve.segmenter(thing))
        task = subject.of(thing).ask(request, done=done, label="Finding all segments")
        return link.finish(self, task)


def _write(thing: SplatObject, answer: Segments) -> None:
    from ..data import parts

    parts.keep(thing, answer)
    parts.cut(thing)
    thing.ludvig.mode = "SEGMENTS"


class SelectLike(bpy.types.Operator):
    """Select all parts that look like the active segment"""

    bl_idname = "ludvig.select_like"
    bl_label = "Select All Like This"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    distance: FloatProperty(
        name="Difference",
        description="How different they may look, in standard deviations of the scene's features",
        min=0,
        soft_max=2,
        default=0.5,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not polls.found(cls, context):
            return False
        from ..data import parts, splats

        known = parts.leaves(splats.splat_objects(context)[0]) is not None
        return polls.met(cls, known, "The parts are not known yet: Find All Segments first")

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import parts, segments, splats
        from .segmenting import chosen

        thing, segment = chosen(context)
        found = parts.like(thing, segments.mask(thing, segment), self.distance)
        splats.set_selection(thing.data, found & ~segments.hidden(thing))
        segments.changed(thing)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory((AutoSegments, SelectLike))
