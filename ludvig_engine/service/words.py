"""Find what text prompts name; clicks correct that later."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import EngineError
from ..progress import Job
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Options, Segment
from ..wire.methods import Prompt
from ..words.find import NEGATIVES, Spread, text_scores, united
from .state import State


def find_texts(
    state: State,
    scene: str,
    prepared: Prepared,
    given: Sequence[Prompt],
    *,
    options: Options,
    job: Job,
) -> Segment:
    """Select what any of the positive texts names, but not what the negative ones name.

    Raises `EngineError`: "bad_input" if all texts are negative, `weights.MissingWeights` if there
    is no text model.
    """
    wanted = [prompt.text for prompt in given if prompt.positive]
    if not wanted:
        raise EngineError(
            "bad_input",
            f"Your text prompts ({len(given)}) are all negative.",
            ["Add a positive text that names what you are looking for."],
        )
    lifted, encoder = state.words(scene, job=job)
    negatives = [*NEGATIVES, *(prompt.text for prompt in given if not prompt.positive)]
    spread = Spread(diffusion=options.diffusion, threshold=options.threshold)

    def ask() -> Segment:
        found = text_scores(
            prepared, lifted, encoder, wanted, negatives=negatives, spread=spread, job=job
        )
        return united(found)

    return job.aside(ask)
