"""From a few clicks, or a first selection, to an object: what is like it, again and again from what that found.

1. P: learned from the clicks against a random sample of the scene, which mostly is not the object.
2. Diffusion with restart at the clicks and at P; a threshold parts the scores.
3. P: learned from the two parts. Diffusion again; the parts are now above and below a half. Repeat.
4. What a few clicks mean is ambiguous: a part or the whole. 3 starts from several thresholds: Otsu's, half way to Li's,
   which is wide, and two above it; the answer that is the clearest apart and the most compact is taken.
All on superpoints. A P of the Gaussians, for which the object is as rare as it is, and one short diffusion on them,
refine the answer. A first selection replaces 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from skimage.filters import threshold_li, threshold_otsu

from ..arrays import Array, Bool, Float
from ..graph.walk import Walk
from ..progress import SILENT, Job
from ..stages import LEARN
from .coarse import Coarse
from .likeness import learn
from .painting import Evidence
from .settings import DEFAULT_SETTINGS, Settings

THRESHOLD = 0.5  # of scores, once they come from a likeness with two sides


@dataclass(frozen=True)
class Answer:
    """Scores of all Gaussians, their threshold, and the λ they were made with."""

    scores: Float[Array, " N"]
    threshold: float
    prior: float


@dataclass(frozen=True)
class Part:
    """The scene's superpoints parted in two."""

    scores: Float[Array, " S"]
    P: Float[Array, " S"]
    threshold: float
    prior: float
    raised: int = 0  # times λ was raised

    @property
    def inside(self) -> Bool[Array, " S"]:
        return self.scores > self.threshold

    def likely(self, coarse: Coarse, settings: Settings) -> float:
        """How much it is one object: mean score inside less mean score outside, less what speaks against it.

        That is its extent, to be most of the scene, and that λ had to be raised: the walk does not hold it together.
        """
        inside, outside = coarse.seen * self.inside, coarse.seen * ~self.inside
        if not inside.any() or not outside.any():
            return -np.inf
        apart = np.average(self.scores, weights=inside) - np.average(self.scores, weights=outside)
        extent = _extent(coarse.descriptor.places, inside) / max(
            _extent(coarse.descriptor.places, coarse.seen), 1e-12
        )
        most = max(inside.sum() / coarse.seen.sum() - 0.5, 0) * 2
        return float(apart - settings.extent * extent - most - settings.doubt * self.raised)


class SelfTraining:
    """Of one object, for which there is evidence; without a walk, by likeness alone."""

    def __init__(
        self,
        coarse: Coarse,
        walk: Walk | None,
        evidence: Evidence,
        *,
        prior: float | None = None,
        settings: Settings = DEFAULT_SETTINGS,
        job: Job = SILENT,
    ) -> None:
        """If λ is given as `prior`, it is never raised."""
        self.coarse = coarse
        self.walk = walk
        self.evidence = evidence
        self.job = job
        self.settings = settings
        self.prior = settings.prior if prior is None else prior
        self.fixed = prior is not None
        self.trust = settings.trust * np.minimum(
            evidence.total / max(float(evidence.total.max()), 1e-12), 1
        )
        self.trusted = coarse.sum(self.trust)
        self.share = coarse.sum(self.trust * evidence.share) / np.maximum(self.trusted, 1e-12)

    def from_evidence(self) -> Answer:
        """Steps 1 to 4."""
        coarse, settings = self.coarse, self.settings
        self.job.report(LEARN, 0, settings.rounds + 1)
        positive, negative = (coarse.sum(part) for part in _clear(self.evidence, settings.clear))
        scores = P = learn(
            coarse.descriptor,
            positive,
            negative,
            C=settings.first_C,
            background=settings.background,
            job=self.job,
        )
        if self.walk:
            scores = self._spread(P, self.prior * settings.first, P)
        levels = np.repeat(scores, np.ceil(10 * coarse.size / coarse.size.mean()).astype(int))
        li = float(threshold_li(levels))
        otsu = float(threshold_otsu(levels))
        most = float(scores.max())
        starts = [
            ((li + otsu) / 2, 0.0),
            (otsu, 0.0),
            *((li + up * (most - li), settings.doubt) for up in settings.narrower),
        ]
        found = [
            (self._trained(Part(scores, P, start, self.prior)), doubt) for start, doubt in starts
        ]
        best = max(found, key=lambda one: one[0].likely(coarse, settings) - one[1])
        return self._refined(best[0])

    def from_selection(self, selected: Bool[Array, " N"]) -> Answer:
        """Step 3, from a first selection."""
        share = self.coarse.sum(selected.astype(np.float32)) / self.coarse.size
        return self._refined(self._trained(Part(share, share, THRESHOLD, self.prior)))

    def _trained(self, part: Part) -> Part:
        coarse, settings, job = self.coarse, self.settings, self.job
        for number in range(settings.rounds):
            job.check()
            job.report(LEARN, number + 1, settings.rounds + 1)
            inside = part.inside
            if min(coarse.size[inside].sum(), coarse.size[~inside].sum()) < settings.fewest:
                break
            yes, no = coarse.seen * inside, coarse.seen * ~inside
            P = learn(coarse.descriptor, yes, no, C=settings.round_C, job=job)
            part = replace(part, scores=part.scores if self.walk else P, P=P, threshold=THRESHOLD)
            while self.walk and part.prior <= 1:
                part = replace(part, scores=self._spread(P, part.prior, part.scores))
                left = coarse.size[part.inside].sum()
                if self.fixed or left > settings.kept * coarse.size[P > THRESHOLD].sum():
                    break
                part = replace(part, prior=4 * part.prior, raised=part.raised + 1)
        return part

    def _spread(
        self, P: Float[Array, " S"], prior: float, start: Float[Array, " S"]
    ) -> Float[Array, " S"]:
        coarse = self.coarse
        return coarse.walk.solve(
            self.share, self.trusted, P, prior=prior * coarse.size, start=start, job=self.job
        )

    def _refined(self, part: Part) -> Answer:
        coarse, settings = self.coarse, self.settings
        prior = min(part.prior, 1.0)
        labels = self.coarse.labels
        seen, inside = (coarse.seen / coarse.size)[labels], part.inside[labels]
        yes, no = seen * inside, seen * ~inside
        P = learn(coarse.members, yes, no, C=settings.last_C, rare=True, job=self.job)
        if not self.walk:
            return Answer(P, part.threshold, prior)
        share, start = self.evidence.share, part.scores[labels]
        scores = self.walk.solve(
            share,
            self.trust,
            P,
            prior=prior,
            start=start,
            steps=settings.last_steps,
            job=self.job,
        )
        return Answer(scores, part.threshold, prior)


def _extent(places: Float[Array, "S 3"], weights: Float[Array, " S"]) -> float:
    """Root mean square distance from the middle."""
    off = places - np.average(places, axis=0, weights=weights)
    return float(np.sqrt(np.average((off**2).sum(1), weights=weights)))


def _clear(evidence: Evidence, least: float) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Positive and negative examples: Gaussians that show a fair amount of paint, and by which kind they show more.

    Inside a box all there is is an example, as long as nothing is known to be the object.
    """
    total = evidence.total
    much = total > least * total.max()
    yes = much & (evidence.share > 0.5)
    positive = np.where(yes, total, 0)
    if not yes.any():
        positive = np.where(evidence.perhaps > evidence.negative, evidence.perhaps, 0)
    return positive, np.where(much & ~yes, total, 0)
