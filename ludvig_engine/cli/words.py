"""`ludvig segment --text`: several texts give one selection, and one relevancy per text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array
from ..cache.store import Cache
from ..progress import Job
from ..rendering import Raster
from ..scene import Scene
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..words.find import Spread, text_scores, united
from ..words.lift import TextExtractor, lift_text
from ..words.vocabulary import NEGATIVES, TEMPLATES


def text_segment(
    scene: Scene,
    prepared: Prepared,
    texts: Sequence[str],
    *,
    negatives: Sequence[str] | None,
    templates: Sequence[str] | None,
    encoder: TextExtractor,
    spread: Spread,
    raster: Raster,
    cache: Cache | None,
    job: Job,
) -> tuple[Segment, dict[str, Array]]:
    """One segment for all P texts, and the arrays "relevancy" and "text_scores", both (N, P)."""
    lifted = lift_text(scene, encoder, raster=raster, cache=cache, job=job)
    asked = {"negatives": negatives or NEGATIVES, "templates": templates or TEMPLATES}
    found = text_scores(prepared, lifted, encoder, texts, **asked, spread=spread, job=job)
    arrays = {
        "relevancy": np.stack([one.relevancy for one in found], 1),
        "text_scores": np.stack([one.segment.scores for one in found], 1),
    }
    segment = united(found)
    told = f"{encoder.name} compared these words with the photos: {', '.join(texts)}."
    return replace(segment, notes=(told, *segment.notes)), arrays
