"""Words corrected by clicks: what a text found is evidence, what is clicked is better evidence.

Every Gaussian is told by how far its score lies above or below the words' threshold. A click that contradicts them
would be one voice against hundreds; so what it means alone, the object one would get from that click, changes sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array, Float
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster
from ..scene import Gaussians
from ..segmentation.painting import Evidence, Paint, lift, merged
from ..segmentation.prepared import Prepared
from ..segmentation.segment import DEFAULT, Options, Segment, segment

CONTRADICTS = 0.25  # of the clicks of one sign, how much must lie on the other side
AT_MOST = 0.5  # of what words found, how much a click may take away: it said what is wrong, not that all is


def corrected(
    prepared: Prepared,
    named: Segment,
    paints: Sequence[Paint],
    *,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Segment:
    """What words mean (`named`), corrected by prompts as `segment` takes them.

    Of a mask only the inside counts: outside may be what the words mean. Raises `EngineError` "bad_input" if the words
    found nothing and no prompt says yes.
    """
    evidence = as_evidence(prepared.gaussians, named)
    paints = [
        replace(paint, negative=0 * paint.negative) if paint.complete else paint for paint in paints
    ]
    if evidence.positive.any():
        said = lift(prepared.gaussians, merged(paints), raster=raster, job=job)
        said = said if placed is None else said + placed
        evidence = _turned(prepared, evidence, said, options, job)
    evidence = evidence if placed is None else evidence + placed
    found = segment(prepared, paints, placed=evidence, options=options, raster=raster, job=job)
    return replace(
        found, evidence={**named.evidence, **found.evidence}, notes=(*found.notes, *named.notes)
    )


def as_evidence(gaussians: Gaussians, named: Segment) -> Evidence:
    """Words as if they had been painted, weaker than any click; nothing if they were not found."""
    nothing = np.zeros(len(gaussians), np.float32)
    if not named.selected.any():
        return Evidence(nothing, nothing, nothing)
    yes = np.maximum(named.scores - named.threshold, 0) / max(1 - named.threshold, 1e-6)
    no = np.maximum(named.threshold - named.scores, 0) / max(named.threshold, 1e-6)
    yes, no = ((side * gaussians.opacities).astype(np.float32) for side in (yes, no))
    return Evidence(yes, no, nothing)


def _turned(
    prepared: Prepared, evidence: Evidence, said: Evidence, options: Options, job: Job
) -> Evidence:
    """With what contradicting prompts mean on their side."""
    inside = evidence.positive > 0
    yes, no = evidence.positive, evidence.negative
    wrong, missing = said.negative * inside, said.positive * ~inside
    if _contradicts(wrong, said.negative):
        meant = _alone(prepared, wrong, said.positive, options, job)
        taken = _within(np.where(meant.selected, meant.scores, 0) * inside, yes)
        yes, no = np.where(taken, 0, yes), np.where(taken, yes, no)
    if _contradicts(missing, said.positive):
        meant = _alone(prepared, missing, said.negative, options, job)
        added = meant.selected & ~inside
        strength = meant.scores * prepared.gaussians.opacities
        yes, no = np.where(added, strength, yes), np.where(added, 0, no)
    return Evidence(yes.astype(np.float32), no.astype(np.float32), evidence.perhaps)


def _contradicts(part: Float[Array, " N"], whole: Float[Array, " N"]) -> bool:
    return bool(part.sum() > CONTRADICTS * whole.sum())


def _alone(
    prepared: Prepared, yes: Float[Array, " N"], no: Float[Array, " N"], options: Options, job: Job
) -> Segment:
    """The object that these prompts would mean without words."""
    said = Evidence(yes, no, np.zeros_like(yes))
    return segment(prepared, [], placed=said, options=replace(options, threshold=None), job=job)


def _within(scores: Float[Array, " N"], found: Float[Array, " N"]) -> Array:
    """Where `scores` are positive, the highest first, until `AT_MOST` of `found` is reached."""
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(found[order]) / max(float(found.sum()), 1e-12)
    chosen = np.zeros(len(scores), bool)
    chosen[order[share <= AT_MOST]] = True
    return chosen & (scores > 0)
