"""The method segment/spread: how prompts spread in the paper's diffusion, for a film of it."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..errors import EngineError
from ..paper.spreading import spread
from ..pictures import film
from ..progress import Job
from ..stages import ANSWER, PREPARE, READ_PROMPTS
from ..wire.methods import PromptsSpread, SpreadPrompts
from . import canvas
from .state import State
from .stopwatch import Stopwatch

# A state takes a byte per Gaussian of the answer, and a float while it is made.
MOST_TIMES = 64
# A step takes 0.08 CPU seconds with a million Gaussians, so as many take a minute or two.
MOST_STEPS = 1000


def spread_prompts(state: State, request: SpreadPrompts, job: Job) -> PromptsSpread:
    """Answer segment/spread: the states of the foreground as bytes, in file order.

    Raises `EngineError` "bad_input" for too many times, or if no positive prompt touches a
    Gaussian.
    """
    if len(request.times) > MOST_TIMES or max(request.times, default=0) > MOST_STEPS:
        raise EngineError(
            "bad_input",
            f"{len(request.times)} times up to {max(request.times)} steps are too many.",
            [f"Ask for at most {MOST_TIMES} times, and for at most {MOST_STEPS:,} steps."],
        )
    watch = Stopwatch(job, READ_PROMPTS)
    scene = state.scene(request.scene, job=job)
    paints, placed = job.aside(
        partial(
            canvas.read_prompts,
            scene,
            request.prompts,
            request.visible,
            state.drawn(request.scene),
        )
    )
    if not paints and placed is None:
        raise EngineError(
            "bad_input",
            "Words have no place to spread from.",
            ["Click or scribble on the object."],
        )
    watch.begin(PREPARE)
    prepared = state.prepared(request.scene, request.extractor, job=watch)
    found = spread(prepared, paints, times=request.times, placed=placed, job=watch).foreground
    if found is None:
        raise EngineError(
            "bad_input",
            "No positive prompt touches a visible splat.",
            ["Click or scribble on the object."],
        )
    watch.begin(ANSWER)
    levels = np.rint(255 * film.level(film.shares(found))).astype(np.uint8)
    return PromptsSpread(scene.to_file(levels), request.times, watch.timings())
