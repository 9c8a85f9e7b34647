"""Clicks and boxes through a SAM, alone or as corrections of what words found."""

from __future__ import annotations

from collections.abc import Sequence

from ..progress import SILENT, Job
from ..sam import Segmenter
from ..sam.proposing import Mark
from ..sam.segmenting import best_masks, segment
from ..scene.raster import Raster
from ..segmentation.paint import Paint
from ..segmentation.painting import Evidence
from ..segmentation.prepared import Prepared
from ..segmentation.segment import DEFAULT, Options, Segment
from .correct import corrected


def pointed_at(
    prepared: Prepared,
    segmenter: Segmenter,
    marks: Sequence[Mark],
    paints: Sequence[Paint],
    *,
    named: Segment | None = None,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """Find the object of the `marks`, or correct by them what words have `named`.

    Corrections of words take the mask of each picture that the SAM rates best; there are no
    readings then. Raises `EngineError` as `sam.segmenting.segment` and `corrected` do.
    """
    if named is None:
        return segment(
            *(prepared, segmenter, marks, paints),
            placed=placed,
            options=options,
            raster=raster,
            job=job,
        )
    clicks = [mark.paint for mark in marks if mark.paint is not None]
    masks = best_masks(prepared, segmenter, marks, job=job)
    together = [*paints, *clicks, *masks]
    return corrected(
        prepared, named, together, placed=placed, options=options, raster=raster, job=job
    )
