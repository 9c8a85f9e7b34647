"""The words of `ludvig segment`: several texts become one selection, and a relevancy map each in the result file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array
from ..cache import Cache
from ..find import Spread, lift_text, load_text_extractor, text_scores
from ..pipeline import Prepared
from ..progress import Job
from ..render import Raster
from ..scene import Scene
from ..segment import Segment
from ..text import NEGATIVES


def find(
    scene: Scene,
    prepared: Prepared,
    texts: Sequence[str],
    *,
    negatives: Sequence[str] | None,
    model: str,
    spread: Spread,
    raster: Raster,
    cache: Cache | None,
    job: Job,
) -> tuple[Segment, dict[str, Array]]:
    """What any of the texts means, and the arrays "relevancy" (N, P) and "text_scores" (N, P) of each."""
    extractor = load_text_extractor(model, device="auto")
    lifted = lift_text(scene, extractor, raster=raster, cache=cache, job=job)
    found = text_scores(prepared, lifted, extractor, texts, negatives=negatives or NEGATIVES, spread=spread, job=job)
    segments = [one.segment for one in found]
    arrays = {
        "relevancy": np.stack([one.relevancy for one in found], 1),
        "text_scores": np.stack([one.scores for one in segments], 1),
    }
    if len(segments) == 1:
        return _told(segments[0], found[0].text, extractor.name), arrays
    # Each text has a threshold of its own: scores are moved so that 0.5 means the threshold of all.
    levels = [np.interp(one.scores, [0, one.threshold, 1 + 1e-6], [0, 0.5, 1]) for one in segments]
    together = Segment(
        np.max(levels, axis=0).astype(np.float32),
        0.5,
        "each text's own, moved to 0.5",
        {f"threshold {one.text}": one.segment.threshold for one in found},
        {f"sigmas {one.text}": one.finding.sigmas for one in found},
        tuple(note for one in segments for note in one.notes),
    )
    return _told(together, ", ".join(one.text for one in found), extractor.name), arrays


def _told(segment: Segment, texts: str, model: str) -> Segment:
    return replace(segment, notes=(f"Words were understood by {model}: {texts}.", *segment.notes))
