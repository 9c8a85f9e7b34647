"""The words of `ludvig segment`: several texts become one selection, and a relevancy map each in the result file."""

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
from ..words.find import Spread, TextExtractor, lift_text, text_scores, together
from ..words.text import NEGATIVES, TEMPLATES


def find(
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
    """What any of the texts means, and the arrays "relevancy" (N, P) and "text_scores" (N, P) of each."""
    lifted = lift_text(scene, encoder, raster=raster, cache=cache, job=job)
    asked = {"negatives": negatives or NEGATIVES, "templates": templates or TEMPLATES}
    found = text_scores(prepared, lifted, encoder, texts, **asked, spread=spread, job=job)
    arrays = {
        "relevancy": np.stack([one.relevancy for one in found], 1),
        "text_scores": np.stack([one.segment.scores for one in found], 1),
    }
    segment = together(found)
    told = f"Words were understood by {encoder.name}: {', '.join(texts)}."
    return replace(segment, notes=(told, *segment.notes)), arrays
