"""From what some pictures show of an object to all of it.

A mask, or a selection as it is seen from where it was clicked on, says of a part of the scene
whether it is the object, and nothing of the rest. What is not seen follows nested groups
(labeling.py), and those of two trees: of the nested groups of clicks, which merge where features
and creases change least, and of the automatic segments, which merge where regions most likely are
one thing. The two are wrong about different parts, so the mean of their log odds is taken
(docs/segmentation.md has the figures).

No likeness is learned: things of the same color elsewhere are not the object.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..wire import hierarchy
from .automatic import Hierarchy, divided
from .labeling import SURE, apart_by_cost, labeled
from .prepared import Prepared
from .settings import Settings

# A segment at detail FINE of which more than the share COARSE of what is seen is on its smaller
# side is coarser than what is meant, and says nothing. Without this, the upper part of a ball loses
# a fourth; at detail 0.5, masks of one scene find 1 % less, and a fence .54 instead of .76.
FINE = 0.75
COARSE = 0.35


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
    coarse = prepared.coarse(settings.bandwidth, share=settings.place, job=job)
    nesting = prepared.nesting(settings, job=job)
    apart = apart_by_cost(nesting, settings.border)
    sides = coarse.sum(inside), coarse.sum(outside)  # of S superpoints
    likely = labeled(nesting.pairs, apart, *sides, settings=settings)
    if prepared.early:
        return likely[coarse.labels]
    segments = divided(prepared, job=job)
    sides = segments.sum(inside), segments.sum(outside)  # of the leaves
    leaves = labeled(segments.merges, expit(-segments.logits), *sides, settings=settings)
    groups, leaves = (logit(np.clip(x, SURE, 1 - SURE)) for x in (likely, leaves))
    groups = groups[coarse.labels]
    # Floaters have no leaf (-1, the last one).
    silent = np.append(_mixed(segments, *sides), True)[segments.leaves]
    mean = np.where(silent, groups, (groups + np.append(leaves, 0)[segments.leaves]) / 2)
    return np.asarray(expit(mean), np.float32)


def _mixed(
    segments: Hierarchy, inside: Float[Array, " S"], outside: Float[Array, " S"]
) -> Bool[Array, " S"]:
    """The leaves of segments that are seen on both sides."""
    nodes = hierarchy.roots(segments.merges, segments.levels, len(inside), FINE)
    sides = [np.bincount(nodes, side)[nodes] for side in (inside, outside)]
    return np.asarray(np.minimum(*sides) > COARSE * np.add(*sides))
