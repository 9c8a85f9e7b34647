"""From prompts to a segment.

Clicks and strokes are taken one after the other (strokes.py). Masks, boxes, regions through the
scene and words, which also say how far the object reaches, are taken together, and first:

1. Evidence: paint is lifted to the Gaussians, as positive and negative weight (painting.lift).
2. Unary P, how likely each Gaussian is the object. A mask shows where the object ends, and what it
   does not show follows the nested groups (completing.py). Boxes and words do not show that: for
   them, a logistic regression on features and, softly, position is trained on the evidence
   (likeness.learn).
3. Diffusion with restart: the scores s minimize
       Σ_i e_i (s_i − y_i)² + λ Σ_i (s_i − P_i)² + Σ_ij A_ij (s_i − s_j)²
   with evidence y_i of weight e_i and feature similarities A_ij. This is a random walk on LUDVIG's
   graph that restarts at the prompts and at P. It is convex and has one solution, in 0..1; the
   result of plain power iteration depends on when it is stopped.
4. For boxes and words, steps 2 and 3 are repeated on their own result (self_training.py), which
   finds what no prompt showed.

The numbers are in settings.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..progress import SILENT, Job
from ..scene.raster import Raster
from .agreement import agreement
from .automatic import begun
from .completing import clearly, completed
from .paint import Paint, notes_of
from .painting import Evidence
from .prepared import Prepared
from .readings import Ladder, Readings
from .self_training import THRESHOLD, Answer, SelfTraining, clear_examples
from .settings import DEFAULT_SETTINGS, Settings
from .stroke import Stroke
from .strokes import corrected
from .trail import Areas, Trail, areas_of, strokes_of


@dataclass(frozen=True)
class Options:
    """What the caller may fix instead of letting it be found."""

    diffusion: bool = True
    threshold: float | None = None  # scores above it are selected
    bandwidth: float | None = None  # of feature similarities, in squared median distances
    prior: float | None = None  # λ
    # How the first click is read: steps from the best guess, towards the part below 0 and towards
    # the whole above it (readings.py).
    reading: int = 0


@dataclass(frozen=True)
class Segment:
    """Scores in 0..1 in the engine's order, and the selection they give."""

    scores: Float[Array, " N"]
    threshold: float
    how: str  # where the threshold comes from, for people
    parameters: dict[str, float]
    evidence: dict[str, float]
    notes: tuple[str, ...] = field(default=())
    # The readings there are of the first click; None: prompts that say themselves how far the
    # object reaches, or a threshold, have left no choice.
    readings: Readings | None = None
    # Words that are not found select nothing; scores above this are the best guess at them.
    guess: float | None = None

    def __repr__(self) -> str:
        count = int(self.selected.sum())
        return f"Segment({count:,} of {len(self.scores):,} splats, threshold {self.threshold:.2f})"

    @property
    def selected(self) -> Bool[Array, " N"]:
        """The Gaussians whose score is above the threshold."""
        return self.scores > self.threshold


DEFAULT = Options()


def segment(
    prepared: Prepared,
    paints: Sequence[Paint],
    *,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    settings: Settings = DEFAULT_SETTINGS,
    raster: Raster | None = None,
    propose: Callable[[Evidence], Ladder] | None = None,
    job: Job = SILENT,
) -> Segment:
    """Find the object. `placed` is evidence that was given in space instead of painted.

    Without a `raster`, prompts are drawn with the scene's. `propose` says what the object may be,
    from the evidence of masks, boxes and regions through the scene; clicks and strokes correct it.

    Raises `EngineError` "bad_input" if the prompts show no Gaussian.
    """
    raster = raster or prepared.raster
    strokes = strokes_of(
        prepared, [paint for paint in paints if _is_stroke(paint)], raster=raster, job=job
    )
    areas = areas_of(
        *(prepared, [paint for paint in paints if not _is_stroke(paint)], placed),
        raster=raster,
        job=job,
    )
    of_areas = areas.evidence
    evidence = _with_strokes(of_areas, strokes)
    if not (propose or evidence.positive.any() or evidence.perhaps.any()):
        if paints and not any(_hopes(paint) for paint in paints):
            raise EngineError(
                "bad_input",
                "All your prompts say what is not the object, and none says what is.",
                ["Click on the object, too."],
            )
        raise EngineError(
            "bad_input",
            "None of your positive prompts touches a visible splat.",
            ["Click on a part of the object that the splats show."],
        )
    found = None
    if propose is None and (of_areas.positive.any() or of_areas.perhaps.any()):
        make = partial(_from_areas, prepared, areas, options, settings, raster, job)
        about = replace(options, threshold=None, reading=0), settings
        found = Trail.of(prepared, job).segment((areas.key, *about), make)
    if strokes or propose:
        before = propose(of_areas) if propose else found
        found = _from_strokes(prepared, strokes, before, options, settings, raster, job)
        found = _with_touched(found, evidence, settings)
    assert found is not None
    seeds = {
        "seeds": float((evidence.positive > 0).sum()),
        "against": float((evidence.negative > 0).sum()),
    }
    found = replace(
        found,
        evidence={**seeds, **found.evidence},
        notes=tuple(dict.fromkeys((*found.notes, *notes_of(paints)))),
    )
    if options.threshold is not None:
        found = replace(found, threshold=options.threshold, how="given", readings=None)
    return found


def _is_stroke(paint: Paint) -> bool:
    """Whether it says something of what it touches alone, as clicks and strokes do.

    Masks, boxes and regions through the scene also say how far the object reaches.
    """
    return not (paint.complete or paint.perhaps is not None or (paint.through and _hopes(paint)))


def _with_strokes(evidence: Evidence, strokes: Sequence[Stroke]) -> Evidence:
    positive, negative = evidence.positive.copy(), evidence.negative.copy()
    for stroke in strokes:
        (positive if stroke.positive else negative)[stroke.rows] += stroke.weights
    return replace(evidence, positive=positive, negative=negative)


def _from_areas(
    prepared: Prepared,
    areas: Areas,
    options: Options,
    settings: Settings,
    raster: Raster,
    job: Job,
) -> Segment:
    masks = [paint for paint in areas.paints if paint.complete]
    if masks:
        found = _from_masks(prepared, areas.evidence, masks, options, settings, raster, job)
    else:
        found = _from_evidence(prepared, areas.evidence, options, settings, job)
    return _with_touched(found, areas.evidence, settings)


def _from_strokes(
    prepared: Prepared,
    strokes: Sequence[Stroke],
    before: Segment | Ladder | None,
    options: Options,
    settings: Settings,
    raster: Raster,
    job: Job,
) -> Segment:
    bandwidth = options.bandwidth or settings.bandwidth
    scores, readings, notes = corrected(
        prepared,
        strokes,
        before.selected if isinstance(before, Segment) else before,
        bandwidth=bandwidth,
        prior=options.prior,
        diffusion=options.diffusion,
        reading=options.reading,
        settings=settings,
        raster=raster,
        job=job,
    )
    held = [stroke.held(scores > THRESHOLD) for stroke in strokes]
    parameters = {"bandwidth": bandwidth, "prior": options.prior or settings.pull}
    return Segment(
        scores,
        THRESHOLD,
        "a half, after the prompts one by one",
        parameters if options.diffusion else {},
        {"agreement": float(np.mean(held or [1.0]))},
        (*(before.notes if isinstance(before, Segment) else ()), *notes),
        readings if len(readings.steps) > 1 else None,
    )


def _hopes(paint: Paint) -> bool:
    """Whether it says where the object is."""
    return bool(paint.positive.any()) or paint.perhaps is not None


def _with_touched(found: Segment, evidence: Evidence, settings: Settings) -> Segment:
    """At least what the prompts touch, if the answer has none of that.

    In scenes of a few splats, or in which all are alike, nothing can be learned.
    """
    touched = clear_examples(evidence, settings.clear)[0] > 0
    if not touched.any() or found.selected[touched].any():
        return found
    count = int(touched.sum())
    note = (
        f"No object stands out at your prompts, so only the {count:,} splats that they touch "
        "are selected."
        if count > 1
        else "No object stands out at your prompts, so only the one splat they touch is selected."
    )
    scores = np.where(touched, np.float32(1), np.minimum(found.scores, found.threshold))
    told = *found.notes, note
    return replace(found, scores=scores.astype(np.float32), notes=told, readings=None)


def warm_up(prepared: Prepared, settings: Settings = DEFAULT_SETTINGS) -> None:
    """Begin what the first prompt would wait for, while the user looks for where to click."""
    prepared.begin(settings)
    begun(prepared)


def _from_masks(
    prepared: Prepared,
    evidence: Evidence,
    masks: Sequence[Paint],
    options: Options,
    settings: Settings,
    raster: Raster,
    job: Job,
) -> Segment:
    if not evidence.negative.any() and not any(paint.negative.any() for paint in masks):
        raise EngineError(
            "bad_input",
            "The mask covers the whole photo, so it does not tell the object from the rest.",
            ["Give a mask of a photo that shows more than the object, or click on the object."],
        )
    bandwidth = options.bandwidth or settings.bandwidth
    scores = completed(
        *(prepared, clearly(evidence.total, settings), evidence.share),
        bandwidth=bandwidth if options.diffusion else None,
        prior=options.prior,
        settings=settings,
        job=job,
    )
    agrees = agreement(
        *(prepared.gaussians, scores[:, None], masks),
        thresholds=np.array([THRESHOLD]),
        raster=raster,
        job=job,
    )
    return _segment(
        Answer(scores, THRESHOLD, options.prior or settings.unseen_prior),
        "a half, from the groups that the mask shows",
        bandwidth,
        options,
        float(agrees[0, 0]),
    )


def _from_evidence(
    prepared: Prepared, evidence: Evidence, options: Options, settings: Settings, job: Job
) -> Segment:
    answer = _training(prepared, evidence, options, settings, job).from_evidence()
    # Agreement is counted on the Gaussians: to draw a million of them takes longer than all the
    # rest.
    inside = answer.scores > answer.threshold
    both = float(evidence.positive[inside].sum())
    beside = float(evidence.negative[inside].sum())
    agrees = both / max(float(evidence.positive.sum()) + beside, 1e-12)
    how = "default" if answer.threshold == THRESHOLD else "found by Otsu's and Li's rules"
    return _segment(answer, how, options.bandwidth or settings.bandwidth, options, agrees)


def _training(
    prepared: Prepared, evidence: Evidence, options: Options, settings: Settings, job: Job
) -> SelfTraining:
    bandwidth = options.bandwidth or settings.bandwidth
    coarse = prepared.coarse(bandwidth, share=settings.place, job=job)
    walk = prepared.walk(bandwidth, job=job) if options.diffusion else None
    return SelfTraining(coarse, walk, evidence, prior=options.prior, settings=settings, job=job)


def _segment(
    answer: Answer, how: str, bandwidth: float, options: Options, agrees: float
) -> Segment:
    parameters = {"bandwidth": bandwidth, "prior": answer.prior} if options.diffusion else {}
    return Segment(answer.scores, answer.threshold, how, parameters, {"agreement": agrees})
