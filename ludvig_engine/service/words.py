"""Text prompts: what they mean alone, and as evidence beside clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import EngineError
from ..find import NEGATIVES, Spread, text_scores
from ..methods import Prompt
from ..pipeline import Prepared
from ..progress import Job
from ..prompts import Evidence
from ..segment import Options, Segment
from .state import State


def find(
    state: State, scene: str, prepared: Prepared, given: Sequence[Prompt], *, options: Options, job: Job
) -> Segment:
    """What any of the positive texts names, and none of the negative ones. Raises `EngineError` if all are negative."""
    wanted = [prompt.text for prompt in given if prompt.positive]
    if not wanted:
        raise EngineError("bad_input", "All texts say what it is not.", ["Name what you are looking for."])
    lifted, encoder = state.words(scene, job=job)
    negatives = [*NEGATIVES, *(prompt.text for prompt in given if not prompt.positive)]
    spread = Spread(diffusion=options.diffusion, threshold=options.threshold)

    def ask() -> list[Segment]:
        answers = text_scores(prepared, lifted, encoder, wanted, negatives=negatives, spread=spread, job=job)
        return [answer.segment for answer in answers]

    found = job.aside(ask)
    if len(found) == 1:
        return found[0]
    # Each has a threshold of its own: they are brought to a common one by what exceeds it.
    threshold = 0.5 if options.threshold is None else options.threshold
    scores = np.max([_at(segment, threshold) for segment in found], axis=0)
    notes = tuple(note for segment in found for note in segment.notes)
    return replace(found[0], scores=scores, threshold=threshold, evidence={}, notes=notes)


def as_evidence(prepared: Prepared, found: Segment) -> Evidence:
    """What the texts selected, as if it had been painted: weaker than any click."""
    yes = np.where(found.selected, found.scores * prepared.gaussians.opacities, 0).astype(np.float32)
    nothing = np.zeros_like(yes)
    return Evidence(yes, nothing, nothing)


def _at(segment: Segment, threshold: float) -> np.ndarray:
    """Its scores, bent so that its threshold comes to lie at `threshold`."""
    bent: np.ndarray = np.interp(segment.scores, [0, segment.threshold, 1], [0, threshold, 1]).astype(np.float32)
    return bent
