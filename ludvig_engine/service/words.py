"""Text prompts: what they mean without clicks."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import EngineError
from ..progress import Job
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Options, Segment
from ..wire.methods import Prompt
from ..words.find import NEGATIVES, Spread, text_scores, together
from .state import State


def find(
    state: State,
    scene: str,
    prepared: Prepared,
    given: Sequence[Prompt],
    *,
    options: Options,
    job: Job,
) -> Segment:
    """What any of the positive texts names, and none of the negative ones. Raises `EngineError` if all are negative."""
    wanted = [prompt.text for prompt in given if prompt.positive]
    if not wanted:
        raise EngineError(
            "bad_input", "All texts say what it is not.", ["Name what you are looking for."]
        )
    lifted, encoder = state.words(scene, job=job)
    negatives = [*NEGATIVES, *(prompt.text for prompt in given if not prompt.positive)]
    spread = Spread(diffusion=options.diffusion, threshold=options.threshold)

    def ask() -> Segment:
        return together(
            text_scores(
                prepared, lifted, encoder, wanted, negatives=negatives, spread=spread, job=job
            )
        )

    return job.aside(ask)
