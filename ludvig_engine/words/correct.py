"""Correct what words found by clicks and paint.

The words' answer becomes evidence: each Gaussian counts by how far its score is above or below the
words' threshold. A single click that contradicts it would be outvoted by hundreds of Gaussians.
So the object that the click alone would select is moved to the other side of the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array, Float
from ..progress import SILENT, Job
from ..scene import Gaussians
from ..scene.raster import Raster
from ..segmentation.paint import Paint, merged
from ..segmentation.painting import Evidence, lift_paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import DEFAULT, Options, Segment, segment

# Prompts of one sign contradict the words if this share of their weight lies on the wrong side.
CONTRADICTS = 0.25
# Negative prompts take away at most this share of what the words found, since they mean that a part
# of it is wrong, and not all of it.
AT_MOST = 0.5


def corrected(
    prepared: Prepared,
    named: Segment,
    paints: Sequence[Paint],
    *,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """Correct `named`, the segment of some words, by prompts as `segment` takes them.

    Only the inside of a mask counts, because other things that the words mean may lie outside it.
    Raises `EngineError` "bad_input" if the words found nothing and no prompt is positive.
    """
    raster = raster or prepared.raster
    evidence = as_evidence(prepared.gaussians, named)
    paints = [
        replace(paint, negative=0 * paint.negative) if paint.complete else paint for paint in paints
    ]
    if evidence.positive.any():
        prompted = lift_paint(prepared.gaussians, merged(paints), raster=raster, job=job)
        prompted = prompted if placed is None else prompted + placed
        evidence = _turned(prepared, evidence, prompted, options, job)
    evidence = evidence if placed is None else evidence + placed
    found = segment(prepared, paints, placed=evidence, options=options, raster=raster, job=job)
    values = {**named.evidence, **found.evidence}
    return replace(found, evidence=values, notes=(*found.notes, *named.notes))


def as_evidence(gaussians: Gaussians, named: Segment) -> Evidence:
    """The segment of some words as evidence (N), weaker than any click; zero if it is empty."""
    nothing = np.zeros(len(gaussians), np.float32)
    if not named.selected.any():
        return Evidence(nothing, nothing, nothing)
    yes = np.maximum(named.scores - named.threshold, 0) / max(1 - named.threshold, 1e-6)
    no = np.maximum(named.threshold - named.scores, 0) / max(named.threshold, 1e-6)
    yes, no = ((side * gaussians.opacities).astype(np.float32) for side in (yes, no))
    return Evidence(yes, no, nothing)


def _turned(
    prepared: Prepared, evidence: Evidence, prompted: Evidence, options: Options, job: Job
) -> Evidence:
    """The evidence after the objects of contradicting prompts have changed sides."""
    inside = evidence.positive > 0
    yes, no = evidence.positive, evidence.negative
    wrong, missing = prompted.negative * inside, prompted.positive * ~inside
    if _contradicts(wrong, prompted.negative):
        meant = _alone(prepared, wrong, prompted.positive, options, job)
        taken = _within(np.where(meant.selected, meant.scores, 0) * inside, yes)
        yes, no = np.where(taken, 0, yes), np.where(taken, yes, no)
    if _contradicts(missing, prompted.positive):
        meant = _alone(prepared, missing, prompted.negative, options, job)
        added = meant.selected & ~inside
        strength = meant.scores * prepared.gaussians.opacities
        yes, no = np.where(added, strength, yes), np.where(added, 0, no)
    return Evidence(yes.astype(np.float32), no.astype(np.float32), evidence.perhaps)


def _contradicts(part: Float[Array, " N"], whole: Float[Array, " N"]) -> bool:
    return bool(part.sum() > CONTRADICTS * whole.sum())


def _alone(
    prepared: Prepared, yes: Float[Array, " N"], no: Float[Array, " N"], options: Options, job: Job
) -> Segment:
    """The object that these prompts would select without words."""
    placed = Evidence(yes, no, np.zeros_like(yes))
    return segment(prepared, [], placed=placed, options=replace(options, threshold=None), job=job)


def _within(scores: Float[Array, " N"], found: Float[Array, " N"]) -> Array:
    """A mask (N) of positive `scores`, highest first, until their `found` reaches `AT_MOST`."""
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(found[order]) / max(float(found.sum()), 1e-12)
    chosen = np.zeros(len(scores), bool)
    chosen[order[share <= AT_MOST]] = True
    return chosen & (scores > 0)
