"""What all prompts of a request find: words, clicks and boxes through a SAM, and paint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..progress import SILENT, Job
from ..sam import Segmenter
from ..sam import segmenting as sam
from ..sam.proposing import Mark
from ..scene.raster import Raster
from ..segmentation.paint import Paint
from ..segmentation.painting import Evidence
from ..segmentation.prepared import Prepared
from ..segmentation.segment import DEFAULT, Options, Segment, segment
from .correct import corrected
from .outlined import outlined


def found_by(
    prepared: Prepared,
    paints: Sequence[Paint] = (),
    *,
    marks: Sequence[Mark] = (),
    segmenter: Segmenter | None = None,
    named: Segment | None = None,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """Find the object of all prompts, or correct by them what words have `named`.

    `marks` go through the `segmenter`, which is needed if there are any; what words have named gets
    its outlines. Corrections of words take the mask of each picture that it rates best; there are
    no readings then. Raises `EngineError` as
    `segment`, `sam.segmenting.segment` and `corrected` do.
    """
    told: dict[str, Any] = {"placed": placed, "options": options, "raster": raster, "job": job}
    if named is not None and segmenter is not None:
        named = outlined(prepared, named, segmenter, options=options, raster=raster, job=job)
    if named is None:
        if not marks:
            return segment(prepared, paints, **told)
        assert segmenter is not None
        return sam.segment(prepared, segmenter, marks, paints, **told)
    together = [*paints, *(mark.paint for mark in marks if mark.paint is not None)]
    if marks:
        assert segmenter is not None
        together += sam.best_masks(prepared, segmenter, marks, job=job)
    if not together and placed is None:
        return named
    return corrected(prepared, named, together, **told)
