"""From the prompts of a segment to its scores, written as one undo step.

Prompts added since the last answer belong to the same undo step as the scores found from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data import messages, prompts, readings, segments, sights
from ..translation.say import say
from . import catalog, commit, pump, subject, tasks

if TYPE_CHECKING:
    from ...ludvig_engine.errors import EngineError
    from ...ludvig_engine.wire import methods
    from ..data.types import Segment, SplatObject


KIND = "solve"  # of the tasks


def start(thing: SplatObject, segment: Segment, step: str) -> tasks.Task[methods.Segment]:
    """Find a segment from its prompts. Returns at once. `step` is the name of the undo step.

    A newer request for the same segment replaces this one.
    """
    from ...ludvig_engine.wire.methods import RunSegment

    number = segment.number
    sights.tidy(thing)
    asked: list[str] = []  # the extractors of the request, which may be sent again

    def request(thing: SplatObject) -> methods.Request[methods.Segment]:
        segment = segments.required(thing, number)
        asked.append(extractor(thing))
        return RunSegment(
            "",
            tuple(prompts.request(prompt) for prompt in segment.prompts),
            asked[-1],
            visible=sights.visible(thing, segment),
            reading=segment.reading,
            sam=segmenter(thing),
        )

    def done(thing: SplatObject, answer: methods.Segment) -> None:
        found = segments.required(thing, number)
        catalog.used(thing, asked[-1], answer.title, answer.timings)
        commit.run(step, lambda: _write(thing, found, answer))
        messages.clear()

    def failed(error: EngineError) -> None:
        if error.kind != "superseded":
            commit.run(step, lambda: None)  # makes the new prompts an undo step
        tasks.tell(error)

    return subject.of(thing).ask(
        request,
        done=done,
        failed=failed,
        replaces=f"segment {thing.session_uid} {number}",
        label=say("Finding {name}", name=segment.name),
        kind=KIND,
    )


def unanswered() -> list[tasks.Task[object]]:
    """The tasks that are still finding segments."""
    return [task for task in pump.every() if task.kind == KIND]


def extractor(thing: SplatObject) -> str:
    """The extractor that is chosen for an object."""
    return thing.ludvig_features.extractor


def segmenter(thing: SplatObject) -> str:
    """The SAM that an object's clicks and boxes go through; "": none."""
    own = thing.ludvig_features
    return own.sam_model if own.sam else ""


def _write(thing: SplatObject, segment: Segment, answer: methods.Segment) -> None:
    segment.note = " ".join(answer.notes)
    segments.write(thing, segment, answer.scores, answer.threshold)
    readings.keep(thing, segment, answer)
