"""Self-training: from a few clicks to the whole object.

1. A likelihood P is learned from the clicks against a random sample of the scene, most of which is
   not the object.
2. Diffusion restarts at the clicks and at P. A threshold splits its scores into two parts.
3. P is learned again from the two parts, and diffused again. The parts are now the scores above and
   below one half. This is repeated.
4. A few clicks are ambiguous: a part of something may be meant, or the whole. So step 3 starts from
   several thresholds: Otsu's, half way from Otsu's to Li's, which is wide, and two above Li's. The
   answer with the largest gap between inside and outside is taken, less penalties for its extent.

All of this runs on superpoints. Then a last P is learned on the Gaussians themselves, with the
object as rare as it is in the scene, and one short diffusion refines the answer.

The numbers are in settings.py.
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

# The threshold of scores that were learned from both sides, object and rest.
THRESHOLD = 0.5


@dataclass(frozen=True)
class Answer:
    """Scores of all Gaussians, their threshold, and the λ they were made with."""

    scores: Float[Array, " N"]
    threshold: float
    prior: float


@dataclass(frozen=True)
class Part:
    """A split of the scene's superpoints into object and rest."""

    scores: Float[Array, " S"]
    P: Float[Array, " S"]
    threshold: float
    prior: float
    raised: int = 0  # times λ was raised

    @property
    def inside(self) -> Bool[Array, " S"]:
        return self.scores > self.threshold

    def likely(self, coarse: Coarse, settings: Settings) -> float:
        """How likely this is one object: mean score inside minus mean score outside, minus
        penalties.

        Penalties are for a large extent, for being most of the scene, and for each time that λ had
        to be raised because the diffusion did not hold the part together.
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
    """Finds one object from evidence; without a `walk` by likelihood alone, without diffusion."""

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
        return self.refined(max(self.readings(), key=lambda one: one[1])[0])

    def readings(self) -> list[tuple[Part, float]]:
        """What each start of step 4 ends in, and how likely that is one object."""
        coarse, settings = self.coarse, self.settings
        self.job.report(LEARN, 0, settings.rounds + 1)
        positive, negative = (
            coarse.sum(part) for part in clear_examples(self.evidence, settings.clear)
        )
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
        found = []
        for start, doubt in starts:
            part = self._trained(Part(scores, P, start, self.prior))
            found.append((part, part.likely(coarse, settings) - doubt))
        return found

    def _trained(self, part: Part) -> Part:
        coarse = self.coarse
        settings = self.settings
        job = self.job
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

    def refined(self, part: Part) -> Answer:
        """The last likelihood and diffusion, on the Gaussians themselves."""
        coarse, settings = self.coarse, self.settings
        prior = min(part.prior, 1.0)
        labels = self.coarse.labels
        seen, inside = (coarse.seen / coarse.size)[labels], part.inside[labels]
        yes, no = seen * inside, seen * ~inside
        P = learn(coarse.members, yes, no, C=settings.last_C, rare=True, job=self.job)
        # A part too small for any round still has the threshold of other scores than these.
        both = part.inside.any() and not part.inside.all()
        threshold = THRESHOLD if both else part.threshold
        if not self.walk:
            return Answer(P, threshold, prior)
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
        return Answer(scores, threshold, prior)


def _extent(places: Float[Array, "S 3"], weights: Float[Array, " S"]) -> float:
    """Root mean square distance from the mean."""
    off = places - np.average(places, axis=0, weights=weights)
    return float(np.sqrt(np.average((off**2).sum(1), weights=weights)))


def clear_examples(
    evidence: Evidence, least: float
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Weights of positive and negative examples: Gaussians that show at least the share `least` of
    the most paint, by the color they show more of.

    If nothing is painted positive, everything inside a box is a positive example.
    """
    total = evidence.total
    much = total > least * total.max()
    yes = much & (evidence.share > 0.5)
    positive = np.where(yes, total, 0)
    if not yes.any():
        positive = np.where(evidence.perhaps > evidence.negative, evidence.perhaps, 0)
    return positive, np.where(much & ~yes, total, 0)
