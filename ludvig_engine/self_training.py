"""From a few clicks to an object: what is like them, again and again from what that found.

1. P: learned from the clicks against a random sample of the scene, which mostly is not the object.
2. Diffusion with restart at the clicks and at P; Li's threshold parts the scores.
3. P: learned from the two parts. Diffusion again; the parts are now above and below a half. Repeat.
All on superpoints; one short diffusion on the Gaussians refines the last answer.
"""

from __future__ import annotations

import numpy as np
from skimage.filters import threshold_li

from .arrays import Array, Float
from .coarse import Coarse
from .likeness import BACKGROUND, learn
from .progress import SILENT, Job
from .prompts import Evidence
from .walk import Walk

THRESHOLD = 0.5
ROUNDS = 3
TRUST = 10.0  # of the clearest evidence, against similarities of at most 1
KEPT = 0.5  # of what P selects; a walk that keeps less reaches farther than the object is large, and dissolves it
FINE = 3e-2  # tolerance of the last diffusion, which starts from an answer
_FEW = 20  # Gaussians that nothing can be learned from


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
    threshold = float(threshold_li(np.repeat(scores, np.ceil(10 * coarse.size / coarse.size.mean()).astype(int))))
    for number in range(ROUNDS):
        job.check()
        job.report("Learning", number + 1, ROUNDS + 1)
        inside = scores > threshold
        if min(coarse.size[inside].sum(), coarse.size[~inside].sum()) < _FEW:
            break
        P = learn(coarse.descriptor, coarse.seen * inside, coarse.seen * ~inside, C=0.5, job=job)
        start, scores, threshold = scores, P, THRESHOLD
        while walk and prior <= 1:
            scores = start = spread(P, prior, start)
            if fixed or coarse.size[scores > THRESHOLD].sum() > KEPT * coarse.size[P > THRESHOLD].sum():
                break
            prior *= 4
    scores, P = scores[coarse.labels], P[coarse.labels]
    if walk:
        scores = walk.solve(evidence.share, trust, P, prior=prior, start=scores, tolerance=FINE, job=job)
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
