"""From words to segments: LUDVIG's open-vocabulary task (section 4.3), also for absent things.

1. Relevancy per Gaussian: how much better a text fits its uplifted, text-aligned feature than the
   negatives do.
2. Whether the scene shows the text at all (text.find), since relevancy always has a maximum.
3. Seeds: the most relevant Gaussians, by the double Otsu rule (text.seeds).
4. The best seeds are evidence for the object, and hardly relevant Gaussians are weak evidence
   against it. The object is found from both as from clicks (segment.py), on features with sharper
   outlines than text-aligned ones have.

The paper goes another way after step 3, which is kept for comparison (`paper/words.py`).

The text-aligned features of a scene are computed once (`lift.py`); then each text costs one pass
over the Gaussians.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from skimage.filters import threshold_otsu

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..segmentation.painting import Evidence
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment, segment
from ..stages import FIND_WORDS
from ..uplifting import Uplifted
from . import text
from .text import NEGATIVES, TEMPLATES, Finding, TextEncoder


@dataclass(frozen=True)
class Spread:
    """How seeds become a segment; subclasses may do it in another way (`paper/words.py`)."""

    diffusion: bool = True
    threshold: float | None = None  # of the scores; None: it is found

    def answer(
        self, prepared: Prepared, lifted: Uplifted, relevancy: Relevancy, *, job: Job = SILENT
    ) -> Segment:
        """The best guess, whether the scene shows the text or not.

        At least one Gaussian must be seen by a photo.
        """
        measure = among_seen(relevancy.even, lifted.seen)
        share = stretched(measure)
        seeds = text.seeds(measure) > 0
        if not self.diffusion or not seeds.any():
            return parted(share)
        placed = _evidence(prepared, lifted.seen, share, seeds)
        return segment(prepared, [], placed=placed, job=job)

    def among(self, prepared: Prepared, lifted: Uplifted, relevancy: Float[Array, "N P"]) -> Spread:
        """The same, knowing the (sharp) relevancies of all P texts that are asked for at once."""
        return self


@dataclass(frozen=True)
class Relevancy:
    """How much better a text fits each Gaussian than the negatives do, 0..1."""

    # The paper's relevancy, above 0.5 where the text fits better than every negative.
    sharp: Float[Array, " N"]
    # The same at temperature 1, where it does not saturate.
    even: Float[Array, " N"]


@dataclass(frozen=True)
class TextSegment:
    """What a text selects in the scene, in the engine's order."""

    text: str
    # Whether the scene shows it, and which words fit better.
    finding: Finding
    # 0..1, above 0.5 where the text fits better than every negative; 0 where unseen.
    relevancy: Float[Array, " N"]
    # If the text is not found nothing is selected: scores above `guess` are the best guess.
    segment: Segment


DEFAULT = Spread()
# This share of the seeds becomes evidence. Relevancy blurs over edges, but its best fifth does not.
SUREST = 0.2
# At least this many seeds become evidence.
FEWEST = 100
# The weight of a Gaussian with the lowest relevancy as evidence against the object; that of the
# best seed is 1.
AGAINST = 0.2


def text_scores(
    prepared: Prepared,
    lifted: Uplifted,
    encoder: TextEncoder,
    texts: Sequence[str],
    *,
    negatives: Sequence[str] = NEGATIVES,
    templates: Sequence[str] = TEMPLATES,
    spread: Spread = DEFAULT,
    job: Job = SILENT,
) -> list[TextSegment]:
    """Segment what each text names; texts do not influence each other.

    `prepared` has the features whose outlines segments follow, as for clicks. `lifted` has the
    features of `encoder` for the same scene (`lift_text`). What fits a negative better than the
    text is left out: "table" among the `negatives` takes the table away from "wood". Raises
    `EngineError` "bad_input" for empty texts.
    """
    positive = text.encode(encoder, texts, templates=templates)
    negative = text.encode(encoder, list(negatives), templates=templates)
    findings = text.detect(
        encoder, lifted.features, texts, negatives=negatives, templates=templates
    )
    relevancy = text.relevancy(lifted.features, positive, negative)
    # At the default temperature relevancy saturates, which hides differences between Gaussians.
    even = text.relevancy(lifted.features, positive, negative, temperature=1)
    spread = spread.among(prepared, lifted, relevancy)
    found = []
    for p, name in job.track(list(enumerate(texts)), FIND_WORDS):
        if lifted.seen.any():
            both = Relevancy(relevancy[:, p], even[:, p])
            answer = spread.answer(prepared, lifted, both, job=job)
        else:
            nothing = np.zeros_like(relevancy[:, p])
            answer = Segment(nothing, 1.0, "no photo sees any splat", {}, {})
        judged = _judged(name, answer, findings[p], spread)
        found.append(TextSegment(name, findings[p], relevancy[:, p], judged))
    return found


def united(found: Sequence[TextSegment]) -> Segment:
    """One segment of everything that any of the texts selects: the maximum of their scores.

    If the thresholds differ, each text's scores are first rescaled piecewise linearly so that its
    threshold becomes 0.5. Guesses at what is not found count only if nothing is found.
    """
    segments = [one.segment for one in found]
    if len(segments) == 1:
        return segments[0]
    guesses = [one.guess for one in segments if one.guess is not None]
    none = len(guesses) == len(segments)
    limits = guesses if none else [one.threshold for one in segments]
    at, how = 0.5, "each text's own, rescaled to 0.5"
    if len(set(limits)) == 1:
        at, how = limits[0], segments[0].how
    bent = [
        np.interp(one.scores, [0, limit, 1 + 1e-6], [0, at, 1])
        for one, limit in zip(segments, limits, strict=True)
    ]
    return Segment(
        np.max(bent, axis=0).astype(np.float32),
        1.0 if none else at,
        "not found" if none else how,
        {f"threshold {one.text}": one.segment.threshold for one in found},
        {f"sigmas {one.text}": one.finding.sigmas for one in found},
        tuple(note for one in segments for note in one.notes),
        guess=at if none else None,
    )


def among_seen(relevancy: Float[Array, " N"], seen: Bool[Array, " N"]) -> Float[Array, " N"]:
    """Give unseen Gaussians the lowest relevancy of the seen ones.

    So they do not extend the range that Otsu's rule divides.
    """
    return np.where(seen, relevancy, relevancy[seen].min())


def stretched(relevancy: Float[Array, " N"]) -> Float[Array, " N"]:
    """Scale linearly so that the minimum becomes 0 and the maximum 1."""
    spread = max(float(np.ptp(relevancy)), 1e-12)
    return np.asarray((relevancy - relevancy.min()) / spread, np.float32)


def _evidence(
    prepared: Prepared, seen: Bool[Array, " N"], share: Float[Array, " N"], seeds: Bool[Array, " N"]
) -> Evidence:
    """The best seeds as positive evidence, and what is below Otsu's threshold as negative.

    Negative evidence grows linearly from the threshold down. Both are times the opacity.
    """
    count = min(max(int(SUREST * seeds.sum()), FEWEST), int(seeds.sum()))
    sure = seeds & (share >= np.partition(share[seeds], -count)[-count])
    low = float(threshold_otsu(share[seen])) if np.ptp(share[seen]) > 0 else 0.0
    against = AGAINST * np.where(seen, np.maximum(low - share, 0), 0) / max(low, 1e-12)
    yes, no = (
        (side * prepared.gaussians.opacities).astype(np.float32) for side in (sure * share, against)
    )
    return Evidence(yes, no, np.zeros_like(yes))


def parted(scores: Float[Array, " N"]) -> Segment:
    """A segment of these scores with Otsu's threshold; nothing is selected if all are equal."""
    threshold = float(threshold_otsu(scores)) if np.ptp(scores) > 0 else 1.0
    return Segment(scores, threshold, "Otsu's threshold", {}, {})


def _judged(name: str, answer: Segment, finding: Finding, spread: Spread) -> Segment:
    """The answer, with nothing selected if the text is not found.

    A given threshold is used even then.
    """
    evidence = {**answer.evidence, "sigmas": finding.sigmas}
    if spread.threshold is not None:
        return replace(answer, threshold=spread.threshold, how="given", evidence=evidence)
    if finding.found and answer.selected.any():
        return replace(answer, evidence=evidence)
    if finding.found:
        # In scenes of a few splats, or in which all are alike.
        note = f'"{name}" may be in the scene, but no splat stands out, so none is selected.'
        return replace(answer, evidence=evidence, notes=(note,))
    reason = "it fits no better than words for things that are not in the scene"
    if finding.better:
        words = finding.better[:3]
        better = ", ".join(f'"{word}"' for word in words)
        reason = f"{better} fit{'s' * (len(words) == 1)} its best place better"
    notes = (f'"{name}" is not found: {reason}.',)
    return replace(
        answer,
        threshold=1.0,
        how="not found",
        evidence=evidence,
        notes=notes,
        guess=answer.threshold,
    )
