"""Play how the prompts of a segment spread, as a heat map on the splats."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import bpy

from ..data import messages
from ..engine import commit, link, pump, waiting
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import PromptsSpread, Request
    from ..data.types import Outcome, SplatObject
    from ..engine.tasks import Steps

# The attribute that is played: 1 where the diffusion is largest, 0 at a thousandth of that or less.
NAME = "ludvig_diffusion"
# The steps of the diffusion that are shown,
TIMES = (0, 1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500)
SECONDS = 0.35  # and for how long each


class PlayDiffusion(bpy.types.Operator):
    """Play how the positive clicks and strokes of the active segment spread over similar splats"""

    bl_idname = "ludvig.play_diffusion"
    bl_label = "Play Diffusion"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import SpreadPrompts
        from ..data import prompts, sights
        from ..engine import solve, subject
        from .segmenting import chosen

        # The operator is gone when the answer arrives.
        (thing, segment), step = chosen(context), self.bl_label
        number = segment.number

        def request(thing: SplatObject) -> Request[PromptsSpread]:
            from ..data import segments

            found = segments.required(thing, number)
            return SpreadPrompts(
                "",
                tuple(prompts.request(prompt) for prompt in found.prompts),
                solve.extractor(thing),
                times=TIMES,
                visible=sights.visible(thing, found),
            )

        def done(thing: SplatObject, answer: PromptsSpread) -> None:
            # The last state is what stays, and what undo and redo lead to.
            commit.run(step, lambda: _show(thing, answer.levels[:, -1]))
            messages.clear()
            if _watched():
                pump.start(_playing(thing.session_uid, answer.levels))

        task = subject.of(thing).ask(
            request,
            done=done,
            label=self.bl_label,
            replaces=f"diffusion {thing.session_uid}",
        )
        return link.finish(self, task)


def _playing(uid: int, levels: np.ndarray) -> Steps[None]:
    """Show one state after the other, until the user shows something else."""
    from ..data import attributes, splats

    for state in levels.T:
        thing = splats.with_uid(uid)
        if not splats.is_splats(thing):
            return
        own = thing.ludvig
        same = attributes.count(thing.data) == len(state)
        if not same or (own.mode, own.attribute) != ("SCORE", NAME):
            return
        _write(thing, state)
        yield waiting.Until(partial(_passed, time.monotonic() + SECONDS))


def _passed(moment: float) -> bool:
    return time.monotonic() >= moment


def _watched() -> bool:
    """Whether somebody sees the film. A script needs its last state only, and at once."""
    return not bpy.app.background


def _show(thing: SplatObject, state: np.ndarray) -> None:
    """Let the viewport show the states as a heat map."""
    _write(thing, state)
    own = thing.ludvig
    own.attribute, own.mode = NAME, "SCORE"
    own.low, own.high = 0, 1


def _write(thing: SplatObject, state: np.ndarray) -> None:
    import numpy as np

    from ..data import attributes, changes

    attributes.put(thing.data, NAME, "FLOAT", state / np.float32(255))
    thing.data.update_tag()
    changes.tell(thing)


register, unregister = bpy.utils.register_classes_factory((PlayDiffusion,))
