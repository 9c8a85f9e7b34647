"""From the prompts of a segment to its scores, written as one undo step.

Prompts added since the last answer belong to the same undo step as the scores found from them.

While the features of a large scene are not there yet, an answer is found from some of its pictures.
Once no prompt waits for an answer, such a segment is found again from all of them. That is an undo
step of its own, and it leaves alone what the user has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ..data import messages, prompts, readings, segments, sights, splats
from ..translation.say import say, say_report
from . import catalog, commit, pump, subject, tasks

if TYPE_CHECKING:
    from ...ludvig_engine.wire import methods
    from ..data.types import Segment, SplatObject


KIND = "solve"  # of the tasks
AGAIN = "solve_again"  # of those that read the other pictures
AGAIN_STEP = "All Photos"  # their undo step
# A script in the background waits for each answer, so it gets the final one.
EARLY = not bpy.app.background

# Answers from some of the pictures, by the object's session uid and the segment's number.
_early: dict[tuple[int, int], methods.Segment] = {}


def start(thing: SplatObject, segment: Segment, step: str) -> tasks.Task[methods.Segment]:
    """Find a segment from its prompts. Returns at once. `step` is the name of the undo step.

    A newer request for the same segment replaces this one.
    """
    sights.tidy(thing)
    _early.pop((thing.session_uid, segment.number), None)
    # The other segments that are found again would keep the user waiting. Their turn comes later.
    for task in again():
        task.cancel(tasks.superseded())

    def failed(error: EngineError) -> None:
        if error.kind != "superseded":
            commit.run(step, lambda: None)  # makes the new prompts an undo step
        tasks.tell(error)
        _find_again()

    label = say("Finding {name}", name=segment.name)
    return _ask(thing, segment, step, failed, early=EARLY, kind=KIND, label=label)


def unanswered() -> list[tasks.Task[object]]:
    """The tasks that are still finding segments."""
    return _every(KIND)


def again() -> list[tasks.Task[object]]:
    """The tasks that find segments again, from all pictures."""
    return _every(AGAIN)


def _every(kind: str) -> list[tasks.Task[object]]:
    return [task for task in pump.every() if task.kind == kind]


def _find_again() -> None:
    """Find the next segment whose answer is early from all pictures, unless the user waits."""
    if unanswered() or again():
        return
    for place, answer in list(_early.items()):
        uid, number = place
        thing = splats.with_uid(uid)
        if splats.is_splats(thing) and _is_as_answered(thing, number, answer):
            _ask_again(thing, segments.required(thing, number))
            return
        del _early[place]


def _ask_again(thing: SplatObject, segment: Segment) -> None:
    place = thing.session_uid, segment.number

    def failed(error: EngineError) -> None:
        if error.kind == "superseded":
            return
        if error.kind == "cancelled":
            _early.clear()
            return
        _early.pop(place, None)
        # What the user has deleted or changed meanwhile is no news.
        if error.kind not in ("gone", "changed"):
            tasks.tell(error)
        _find_again()

    label = say("All photos: {name}", name=segment.name)
    _ask(thing, segment, AGAIN_STEP, failed, early=False, kind=AGAIN, label=label)


def _ask(
    thing: SplatObject,
    segment: Segment,
    step: str,
    failed: Callable[[EngineError], object],
    *,
    early: bool,
    kind: str,
    label: str,
) -> tasks.Task[methods.Segment]:
    from ...ludvig_engine.wire.methods import RunSegment

    number = segment.number
    place = thing.session_uid, number
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
            early=early,
        )

    def done(thing: SplatObject, answer: methods.Segment) -> None:
        before = _early.pop(place, None)
        if not answer.unread:
            catalog.used(thing, asked[-1], answer.title, answer.timings)
        if kind == KIND or (before and _is_as_answered(thing, number, before)):
            found = segments.required(thing, number)
            commit.run(step, lambda: _write(thing, found, answer, meanwhile=before))
            messages.clear()
        if answer.unread:
            _early[place] = answer
        _find_again()

    return subject.of(thing).ask(
        request,
        done=done,
        failed=failed,
        replaces=f"segment {thing.session_uid} {number}",
        label=label,
        kind=kind,
    )


def extractor(thing: SplatObject) -> str:
    """The extractor that is chosen for an object."""
    return thing.ludvig_features.extractor


def segmenter(thing: SplatObject) -> str:
    """The SAM that an object's clicks and boxes go through; "": none."""
    own = thing.ludvig_features
    return own.sam_model if own.sam else ""


def _is_as_answered(thing: SplatObject, number: int, answer: methods.Segment) -> bool:
    """Whether a segment is what an answer made it, though another reading may be selected."""
    segment = segments.find(thing, number)
    scores = segments.scores(thing, segment) if segment is not None else None
    if segment is None or scores is None or len(scores) != len(answer.scores):
        return False
    if segment.reading != answer.reading:
        return bool(readings.steps(segment))
    threshold = np.float32(segment.threshold) == np.float32(answer.threshold)
    return bool(threshold and np.array_equal(scores, answer.scores))


def _write(
    thing: SplatObject,
    segment: Segment,
    answer: methods.Segment,
    *,
    meanwhile: methods.Segment | None = None,
) -> None:
    """Write an answer. `meanwhile` is the early one that was there until now, if there was one."""
    chosen = segment.reading
    notes = list(answer.notes)
    if answer.unread:
        told = "From {some:,} of {count:,} photos so far."
        notes.append(say_report(told, some=answer.read, count=answer.read + answer.unread))
    segment.note = " ".join(notes)
    segments.write(thing, segment, answer.scores, answer.threshold)
    readings.keep(thing, segment, answer)
    # The user may have chosen another reading of the early answer.
    if meanwhile and chosen != answer.reading and chosen in readings.steps(segment):
        readings.switch(thing, segment, chosen)
