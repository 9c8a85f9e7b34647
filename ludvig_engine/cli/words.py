"""`ludvig segment --text`: several texts give one selection, and one relevancy per text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
import typer

from ..arrays import Array
from ..cache.store import Cache
from ..progress import Job
from ..rendering import Raster
from ..scene import Scene
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..words.find import Spread, text_scores, united
from ..words.lift import TextExtractor, lift_text, text_models
from ..words.text import NEGATIVES, TEMPLATES

Negatives = Annotated[
    list[str] | None,
    typer.Option(help=f"Words for what you do not mean; default: {', '.join(NEGATIVES)}"),
]
Templates = Annotated[
    list[str] | None,
    typer.Option(help='Sentences to put the words in, such as "a photo of a {}"; default: {}'),
]
TextModel = Annotated[
    str, typer.Option(help=f"The model that compares words with photos: auto, {text_models()}")
]


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
