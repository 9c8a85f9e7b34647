"""From words to segments: LUDVIG's open-vocabulary task (section 4.3), with an answer for what is not there.

1. Relevancy per Gaussian: how much better a text fits its uplifted, text-aligned feature than the negatives do.
2. Whether the text is there at all (text.find): relevancy alone always has a maximum somewhere.
3. Seeds: the most relevant Gaussians, by the double Otsu rule (text.seeds).
4. The surest of them are evidence for the object, what is hardly relevant is weak evidence against it, and the object
   is found from both as from clicks (segment.py), on features that see outlines better than text-aligned ones.

The paper's way from there is for parity (`paper/words.py`).

Texts cost one pass over the Gaussians each; what a scene looks like to the text model is computed once (`lift_text`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from skimage.filters import threshold_otsu

from .. import weights
from ..arrays import Array, Bool, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor, load_extractor, ranked
from ..pipeline import Recipe, lifted_features
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster
from ..scene import Scene
from ..segmentation.painting import Evidence
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment, segment
from ..stages import FIND_WORDS
from ..uplifting import Uplifted
from . import text
from .text import NEGATIVES, TEMPLATES, Finding, TextEncoder


@runtime_checkable
class TextExtractor(Extractor, TextEncoder, Protocol):
    """Maps of photos that texts can be compared with."""


@dataclass(frozen=True)
class Spread:
    """How seeds become a segment; a subclass may do it another way (`paper/words.py`)."""

    diffusion: bool = True
    threshold: float | None = None  # of the scores; found if not given

    def answer(
        self, prepared: Prepared, lifted: Uplifted, relevancy: Relevancy, *, job: Job = SILENT
    ) -> Segment:
        """The best guess, whether the text is there or not; some Gaussian is seen."""
        measure = among_seen(relevancy.even, lifted.seen)
        share = stretched(measure)
        seeds = text.seeds(measure) > 0
        if not self.diffusion or not seeds.any():
            return parted(share)
        placed = _evidence(prepared, lifted.seen, share, seeds)
        return segment(prepared, [], placed=placed, job=job)


@dataclass(frozen=True)
class Relevancy:
    """How much better a text fits each Gaussian than the negatives do, 0..1."""

    sharp: Float[Array, " N"]  # the paper's: above 0.5 where it fits better than every negative
    even: Float[Array, " N"]  # at temperature 1, where it does not saturate


@dataclass(frozen=True)
class TextSegment:
    """What a text means in the scene, in the engine's order."""

    text: str
    finding: Finding  # whether it is there, and what fits better
    relevancy: Float[
        Array, " N"
    ]  # 0..1, above 0.5 where the text fits better than every negative; 0 where unseen
    segment: Segment  # of a text that is not found nothing is selected, but its scores show the best guess


DEFAULT = Spread()
SUREST = 0.2  # of the seeds are believed: relevancy blurs over edges, its best fifth does not
FEWEST = 100  # of them
AGAINST = 0.2  # how much hardly relevant Gaussians weigh, against seeds


def text_models() -> str:
    """The names of the extractors that understand texts, for people."""
    return ", ".join(dict.fromkeys(entry.name for entry in ranked("words")))


def load_text_extractor(spec: str = "auto", *, device: str = "cpu") -> TextExtractor:
    """An extractor whose features texts can be compared with: "tips", "clip", ... or "auto", the best one here.

    "auto" never downloads. Raises `EngineError`: "bad_input" if texts cannot be compared with the extractor's features,
    `weights.MissingWeights` if there is none.
    """
    if spec == "auto":
        here = {id for id, place in weights.status().items() if place}
        ready = [entry.spec for entry in ranked("words") if here.issuperset(entry.models)]
        if not ready:
            raise weights.MissingWeights(weights.MODELS["clip"])
        spec = ready[0]
    extractor = load_extractor(spec, device=device)
    if not isinstance(extractor, TextExtractor):
        raise EngineError(
            "bad_input",
            f'Texts cannot be compared with features of "{spec}".',
            [f"Use one of {text_models()} for texts."],
        )
    return extractor


def lift_text(
    scene: Scene,
    extractor: Extractor,
    *,
    raster: Raster = GSPLAT,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Uplifted:
    """Text-aligned features of the Gaussians (N, D), with all channels: their cosines with texts are what counts."""
    recipe = Recipe(components=0, raster=raster)
    return lifted_features(scene, extractor, recipe=recipe, cache=cache, job=job)


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
    """Find what each text names; they do not influence each other.

    `prepared` is the scene with the features whose outlines segments follow, as for clicks. `lifted` is the same scene
    seen by `encoder` (`lift_text`). What fits a negative better than the text is not meant: "table" among the
    `negatives` takes the table away from "wood". Raises `EngineError` "bad_input" for empty texts.
    """
    positive = text.encode(encoder, texts, templates=templates)
    negative = text.encode(encoder, list(negatives), templates=templates)
    findings = text.find(encoder, lifted.features, texts, negatives=negatives, templates=templates)
    relevancy = text.relevancy(lifted.features, positive, negative)
    even = text.relevancy(
        lifted.features, positive, negative, temperature=1
    )  # `relevancy` saturates
    found = []
    for p, name in job.track(list(enumerate(texts)), FIND_WORDS):
        if lifted.seen.any():
            both = Relevancy(relevancy[:, p], even[:, p])
            answer = spread.answer(prepared, lifted, both, job=job)
        else:
            answer = Segment(np.zeros_like(relevancy[:, p]), 1.0, "nothing is seen", {}, {})
        found.append(
            TextSegment(
                name, findings[p], relevancy[:, p], _judged(name, answer, findings[p], spread)
            )
        )
    return found


def together(found: Sequence[TextSegment]) -> Segment:
    """What any of the texts means. Thresholds that differ are brought together at 0.5, by bending the scores."""
    segments = [one.segment for one in found]
    if len(segments) == 1:
        return segments[0]
    levels = {one.threshold for one in segments}
    at, how = (
        (levels.pop(), segments[0].how)
        if len(levels) == 1
        else (0.5, "each text's own, moved to 0.5")
    )
    bent = [np.interp(one.scores, [0, one.threshold, 1 + 1e-6], [0, at, 1]) for one in segments]
    return Segment(
        np.max(bent, axis=0).astype(np.float32),
        at,
        how,
        {f"threshold {one.text}": one.segment.threshold for one in found},
        {f"sigmas {one.text}": one.finding.sigmas for one in found},
        tuple(note for one in segments for note in one.notes),
    )


def among_seen(relevancy: Float[Array, " N"], seen: Bool[Array, " N"]) -> Float[Array, " N"]:
    """The lowest relevancy for the unseen, which then do not stretch the range that Otsu divides."""
    return np.where(seen, relevancy, relevancy[seen].min())


def stretched(relevancy: Float[Array, " N"]) -> Float[Array, " N"]:
    """Minimum to 0, maximum to 1."""
    spread = max(float(np.ptp(relevancy)), 1e-12)
    return np.asarray((relevancy - relevancy.min()) / spread, np.float32)


def _evidence(
    prepared: Prepared, seen: Bool[Array, " N"], share: Float[Array, " N"], seeds: Bool[Array, " N"]
) -> Evidence:
    """The surest seeds say yes, and what is below Otsu's threshold of the relevancy no, the more the less relevant."""
    count = min(max(int(SUREST * seeds.sum()), FEWEST), int(seeds.sum()))
    sure = seeds & (share >= np.partition(share[seeds], -count)[-count])
    low = float(threshold_otsu(share[seen])) if np.ptp(share[seen]) > 0 else 0.0
    against = AGAINST * np.where(seen, np.maximum(low - share, 0), 0) / max(low, 1e-12)
    yes, no = (
        (side * prepared.gaussians.opacities).astype(np.float32) for side in (sure * share, against)
    )
    return Evidence(yes, no, np.zeros_like(yes))


def parted(scores: Float[Array, " N"]) -> Segment:
    """The scores, cut by Otsu's rule."""
    threshold = float(threshold_otsu(scores)) if np.ptp(scores) > 0 else 1.0
    return Segment(scores, threshold, "where the scores fall apart", {}, {})


def _judged(name: str, answer: Segment, finding: Finding, spread: Spread) -> Segment:
    """The answer, unless the text is not there; a given threshold is always used."""
    evidence = {**answer.evidence, "sigmas": finding.sigmas}
    if spread.threshold is not None:
        return replace(answer, threshold=spread.threshold, how="given", evidence=evidence)
    if finding.found:
        return replace(answer, evidence=evidence)
    note = f'"{name}" is not found: it fits no better than words for what is not there'
    if finding.better:
        better = ", ".join(f'"{word}"' for word in finding.better[:3])
        note = f'"{name}" is not found: {better} fit{"s" * (len(finding.better) == 1)} the best place better'
    return replace(answer, threshold=1.0, how="not found", evidence=evidence, notes=(f"{note}.",))
