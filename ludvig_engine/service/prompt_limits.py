"""What the prompts of one request may hold: finite values, and not more than is soon painted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import EngineError
from ..wire.methods import Prompt

# Each is painted on a picture of its own, about 13 MB: these take 3 GB.
MAX_PROMPTS = 256
# Of all prompts together. A long stroke of a mouse has 2,000. On a picture of 1600 pixels, a piece
# of a stroke takes 0.1 ms with the usual brush, and 20 ms with one as wide as the picture.
MAX_POINTS = 10_000
MAX_TEXT = 1000  # characters; text models look at the first 300 or so
MAX_VIEWPORT = 32768  # pixels per side that a request may have


def check_prompts(given: Sequence[Prompt]) -> None:
    """Raise `EngineError`: "bad_input" for none or too much, "bad_request" for invalid values."""
    if not given:
        raise EngineError("bad_input", "There is no prompt.", ["Click on the object."])
    if len(given) > MAX_PROMPTS:
        raise EngineError(
            "bad_input",
            f"There are {len(given):,} prompts, but a request may have {MAX_PROMPTS}.",
            ["Give the clicks on one picture as one prompt, or paint a mask."],
        )
    count = sum(
        len(array)
        for prompt in given
        for array in (prompt.pixels, prompt.points)
        if array is not None
    )
    if count > MAX_POINTS:
        raise EngineError(
            "bad_input",
            f"The prompts have {count:,} points together, but a request may have {MAX_POINTS:,}.",
            ["Draw shorter strokes with fewer points, or paint a mask."],
        )
    for prompt in given:
        _check(prompt)


def _check(prompt: Prompt) -> None:
    viewport = prompt.viewport
    arrays = [prompt.pixels, prompt.points, *((viewport.viewmat, viewport.K) if viewport else ())]
    if not all(np.isfinite(array).all() for array in arrays if array is not None):
        raise EngineError("bad_request", f"A {prompt.kind} prompt has values that are not finite.")
    for array in (prompt.pixels, prompt.points):
        if array is not None and not len(array):
            raise EngineError("bad_request", f"A {prompt.kind} prompt has no points.")
    if prompt.radius < 0:
        raise EngineError(
            "bad_request", f"A {prompt.kind} prompt has the negative radius {prompt.radius:g}."
        )
    if len(prompt.text) > MAX_TEXT:
        raise EngineError(
            "bad_input",
            f"A text has {len(prompt.text):,} characters, but {MAX_TEXT:,} are allowed.",
            ["Name the object in a few words."],
        )
    if viewport and not all(0 < side <= MAX_VIEWPORT for side in (viewport.width, viewport.height)):
        raise EngineError(
            "bad_request",
            f"A viewport has {viewport.width}x{viewport.height} pixels, but 1 to {MAX_VIEWPORT} "
            "per side are allowed.",
        )
