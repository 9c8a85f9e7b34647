"""From the prompts of a segment to its scores: ask the engine, write what it answers as one step of undo.

The prompts and the scores found from them are one step: what has been added since the last answer is undone with it.
"""

from __future__ import annotations

from typing import Any

from ...ludvig_engine.errors import EngineError
from ..data import messages, prompts, segments, sights
from . import commit, pump, subject


def start(thing: Any, segment: Any) -> pump.Task:
    """Find a segment from its prompts. Returns at once; a newer request for the same segment takes its place."""
    from ...ludvig_engine.wire.methods import RunSegment

    number = segment.number
    sights.tidy(thing)
    request = RunSegment(
        "",
        tuple(prompts.request(prompt) for prompt in segment.prompts),
        extractor(thing),
        visible=sights.visible(thing, segment),
    )

    def done(thing: Any, answer: Any) -> None:
        found = segments.find(thing, number)
        if found is None:
            raise EngineError("gone", "The segment is no longer there: the result was dropped.")
        commit.run(lambda: _write(thing, found, answer))
        messages.clear()

    def failed(error: EngineError) -> None:
        if error.kind != "superseded":
            commit.run(lambda: None)  # the prompts stay, and Ctrl+Z takes them back
        pump.tell(error)

    return subject.of(thing).ask(
        request,
        done=done,
        failed=failed,
        replaces=f"segment {thing.session_uid} {number}",
        label=f"Finding {segment.name}",
    )


def extractor(thing: Any) -> str:
    """The features that are chosen for an object."""
    return thing.ludvig_features.extractor


def _write(thing: Any, segment: Any, answer: Any) -> None:
    segment.note = " ".join(answer.notes)
    segments.write(thing, segment, answer.scores, answer.threshold)
