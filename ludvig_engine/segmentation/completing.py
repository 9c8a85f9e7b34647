"""From what some pictures show of an object to all of it.

A mask, or a selection as it is seen from where it was clicked on, says of a part of the scene
whether it is the object, and nothing of the rest. What is not seen follows nested groups
(labeling.py), and those of two trees: of the nested groups of clicks, which merge where features
and creases change least, and of the automatic segments, which merge where regions most likely are
one thing. The two are wrong about different parts, so the mean of their log odds is taken: masks of
291 photos of the tuning scenes find 87.8 % IoU with both, 86.8 with the former alone, and 87.3 with
the latter.

No likeness is learned: things of the same color elsewhere are not the object.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Int
from ..progress import SILENT, Job
from .automatic import divided
from .labeling import SURE, apart_by_cost, labeled
from .prepared import Prepared
from .settings import Settings


def clearly(shown: Float[Array, " N"], settings: Settings) -> Float[Array, " N"]:
    """How clearly each Gaussian is seen, 0..1, by how many pixels show it."""
    usual = float(shown @ shown) / max(float(shown.sum()), 1e-12)
    return np.minimum(shown / max(settings.seen_clearly * usual, 1e-12), 1)


def completed(
    prepared: Prepared,
    seen: Float[Array, " N"],
    share: Float[Array, " N"],
    *,
    bandwidth: float | None,
    prior: float | None = None,
    settings: Settings,
    job: Job = SILENT,
) -> Float[Array, " N"]:
    """Scores of all Gaussians, 0..1, from the `share` that is the object of those that are `seen`.

    The groups' answer then diffuses with λ `prior`, held where it is seen; without a `bandwidth`
    it is taken as it is.
    """
    likely = _likely(prepared, seen, share, settings, job)
    if bandwidth is None:
        return likely
    walk = prepared.walk(bandwidth, job=job)
    return walk.solve(share, seen, likely, prior=prior or settings.unseen_prior, job=job)


def _likely(
    prepared: Prepared,
    seen: Float[Array, " N"],
    share: Float[Array, " N"],
    settings: Settings,
    job: Job,
) -> Float[Array, " N"]:
    """How likely each Gaussian is the object, 0..1, by the groups of both trees."""
    inside, outside = seen * share, seen * (1 - share)

    def odds(
        labels: Int[Array, " N"], count: int, pairs: Int[Array, "M 2"], apart: Float[Array, " M"]
    ) -> Float[Array, " S"]:
        sums = (np.bincount(labels, side, count) for side in (inside, outside))
        likely = np.clip(labeled(pairs, apart, *sums, settings=settings), SURE, 1 - SURE)
        return np.asarray(np.log(likely / (1 - likely)), np.float32)

    coarse = prepared.coarse(settings.bandwidth, share=settings.place, job=job)
    nesting = prepared.nesting(settings, job=job)
    cost = apart_by_cost(nesting, settings.border)
    groups = odds(coarse.labels, nesting.count, nesting.pairs, cost)[coarse.labels]
    segments = divided(prepared, job=job)
    apart = 1 / (1 + np.exp(segments.logits))
    # Floaters, which have no leaf, count as one more that merges with nothing.
    count = len(segments.features) + 1
    leaves = np.where(segments.leaves < 0, count - 1, segments.leaves)
    pairs = segments.merges + (segments.merges >= count - 1)
    other = odds(leaves, count, pairs, apart)[leaves]
    mean = np.where(segments.leaves < 0, groups, (groups + other) / 2)
    return np.asarray(1 / (1 + np.exp(-mean)), np.float32)
