"""From a few clicks to an object: what is like them, again and again from what that found.

1. P: learned from the clicks against a random sample of the scene, which mostly is not the object.
2. Diffusion with restart at the clicks and at P; a threshold parts the scores.
3. P: learned from the two parts. Diffusion again; the parts are now above and below a half. Repeat.
4. What a few clicks mean is ambiguous: a part or the whole. 3 starts from two thresholds, Otsu's, which is narrow, and
   half way to Li's, which is wide; the answer whose scores are the clearest apart is taken.
All on superpoints; one short diffusion on the Gaussians refines the last answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from skimage.filters import threshold_li, threshold_otsu

from .arrays import Array, Bool, Float
from .coarse import Coarse
from .likeness import BACKGROUND, learn
from .progress import SILENT, Job
from .prompts import Evidence
from .walk import Walk

THRESHOLD = 0.5
ROUNDS = 3
TRUST = 10.0  # of the clearest evidence, against similarities of at most 1
KEPT = 0.5  # of what P selects; a walk that keeps less reaches farther than the object is large, and dissolves it
FINE = 8  # steps of the last diffusion, which starts from an answer
_FEW = 20  # Gaussians that nothing can be learned from


@dataclass(frozen=True)
class Part:
    """The scene parted in two."""

    scores: Float[Array, " S"]
    P: Float[Array, " S"]
    threshold: float
    prior: float

    @property
    def inside(self) -> Bool[Array, " S"]:
        return self.scores > self.threshold

    def separation(self, weights: Float[Array, " S"]) -> float:
        """Mean score inside less mean score outside."""
        inside, outside = weights * self.inside, weights * ~self.inside
        if not inside.any() or not outside.any():
            return 0.0
        return float(np.average(self.scores, weights=inside) - np.average(self.scores, weights=outside))


def self_train(
    coarse: Coarse, walk: Walk | None, evidence: Evidence, *, prior: float, fixed: bool = False, job: Job = SILENT
) -> tuple[Float[Array, " N"], float, float]:
    """Scores, their threshold, and the λ they were made with; without a walk, likeness alone.

    λ starts at `prior` and is raised, unless it is `fixed`, for objects smaller than the walk's reach.
    """
    trust = TRUST * np.minimum(evidence.total / max(float(evidence.total.max()), 1e-12), 1)
    trusted = coarse.sum(trust)
    share = coarse.sum(trust * evidence.share) / np.maximum(trusted, 1e-12)
    positive, negative = (coarse.sum(part) for part in _clear(evidence))

    def spread(P: Float[Array, " S"], prior: float, start: Float[Array, " S"]) -> Float[Array, " S"]:
        return coarse.walk.solve(share, trusted, P, prior=prior * coarse.size, start=start, job=job)

    job.report("Learning", 0, ROUNDS + 1)
    scores = P = learn(coarse.descriptor, positive, negative, C=5.0, background=BACKGROUND, job=job)
    if walk:
        scores = spread(P, prior / 3, P)
    levels = np.repeat(scores, np.ceil(10 * coarse.size / coarse.size.mean()).astype(int))
    wide, narrow = float(threshold_li(levels)), float(threshold_otsu(levels))

    def trained(threshold: float) -> Part:
        part = Part(scores, P, threshold, prior)
        for number in range(ROUNDS):
            job.check()
            job.report("Learning", number + 1, ROUNDS + 1)
            inside = part.inside
            if min(coarse.size[inside].sum(), coarse.size[~inside].sum()) < _FEW:
                break
            like = learn(coarse.descriptor, coarse.seen * inside, coarse.seen * ~inside, C=0.5, job=job)
            part = Part(like if not walk else part.scores, like, THRESHOLD, part.prior)
            while walk and part.prior <= 1:
                part = replace(part, scores=spread(like, part.prior, part.scores))
                if fixed or coarse.size[part.inside].sum() > KEPT * coarse.size[like > THRESHOLD].sum():
                    break
                part = replace(part, prior=4 * part.prior)
        return part

    best = max((trained(t) for t in ((wide + narrow) / 2, narrow)), key=lambda part: part.separation(coarse.seen))
    scores, P, threshold, prior = best.scores, best.P, best.threshold, min(best.prior, 1.0)
    scores, P = scores[coarse.labels], P[coarse.labels]
    if walk:
        scores = walk.solve(evidence.share, trust, P, prior=prior, start=scores, steps=FINE, job=job)
    return scores, threshold, prior


def _clear(evidence: Evidence) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Positive and negative examples: Gaussians that show a fair amount of paint, and by which kind they show more.

    Inside a box all there is is an example, as long as nothing is known to be the object.
    """
    total = evidence.total
    much = total > 0.02 * total.max()
    yes = much & (evidence.share > 0.5)
    positive = np.where(yes, total, 0)
    if not yes.any():
        positive = np.where(evidence.perhaps > evidence.negative, evidence.perhaps, 0)
    return positive, np.where(much & ~yes, total, 0)
