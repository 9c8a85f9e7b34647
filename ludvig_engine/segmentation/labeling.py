"""From what some pictures show of an object to all of it.

A mask, or a selection as it is seen from where it was clicked on, says of a part of the scene
whether it is the object, and nothing of the rest. What is not seen follows the nested groups: a
group either is one thing, then the object holds all of it or nothing, or it is made of its two
halves, and the same is asked of each. Every superpoint gets the mean over all ways to divide the
tree so, each weighted by how likely it is [as in Heller and Ghahramani, "Bayesian Hierarchical
Clustering", ICML 2005]. Both passes over the tree are exact.

No likeness is learned: things of the same color elsewhere are not the object.
"""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np

from ..arrays import Array, Float
from ..progress import SILENT, Job
from .nesting import Nesting
from .prepared import Prepared
from .settings import Settings

# How many e-folds more a merge costs for the odds that it joins two things to grow by one e-fold.
# 0.3 and 0.6 find the same.
SOFT = 0.6
# A Gaussian tells as much as half a superpoint that is wholly on one side: neighbors are not
# independent. One fourth or all of it loses .001 to .003 IoU.
GAUSSIAN = 0.5
# Odds never become certain.
SURE = 1e-4


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
    coarse = prepared.coarse(settings.bandwidth, share=settings.place, job=job)
    likely = labeled(
        prepared.nesting(settings, job=job),
        coarse.sum(seen * share),
        coarse.sum(seen * (1 - share)),
        settings=settings,
    )[coarse.labels]
    if bandwidth is None:
        return likely
    walk = prepared.walk(bandwidth, job=job)
    return walk.solve(share, seen, likely, prior=prior or settings.unseen_prior, job=job)


def labeled(
    nesting: Nesting,
    inside: Float[Array, " S"],
    outside: Float[Array, " S"],
    *,
    settings: Settings,
) -> Float[Array, " S"]:
    """How likely each superpoint is the object, 0..1.

    `inside` and `outside` are how many of its Gaussians are seen clearly on either side.
    """
    right, wrong = log(settings.pure), log(1 - settings.pure)
    rest = log(settings.unseen)
    yes = (GAUSSIAN * (inside * right + outside * wrong) + rest).tolist()
    no = (GAUSSIAN * (outside * right + inside * wrong) + log1p(-exp(rest))).tolist()
    apart = _apart(nesting, settings.border)
    together = np.log1p(-apart).tolist()
    divided = np.log(apart).tolist()
    # Upwards: log likelihoods of each group if it is one thing, inside or outside, and in all.
    total = [_either(*pair) - log(2) for pair in zip(yes, no, strict=True)]
    whole = [1.0] * nesting.count  # how likely a group is one thing, if no larger one around it is
    for merge, (a, b) in enumerate(nesting.pairs.tolist()):
        yes.append(yes[a] + yes[b])
        no.append(no[a] + no[b])
        one = together[merge] + _either(yes[-1], no[-1]) - log(2)
        total.append(_either(one, divided[merge] + total[a] + total[b]))
        whole.append(exp(one - total[-1]))
    # Downwards: how likely a group lies in one that is one thing and inside, and in none that is
    # one thing.
    found = [0.0] * len(whole)
    left = [1.0] * len(whole)
    for group in range(len(whole) - 1, -1, -1):
        parent = int(nesting.parent[group])
        if parent >= 0:
            found[group], left[group] = found[parent], left[parent]
        likely = exp(yes[group] - _either(yes[group], no[group]))
        found[group] += left[group] * whole[group] * likely
        left[group] *= 1 - whole[group]
    return np.array(found[: nesting.count], np.float32)


def _apart(nesting: Nesting, border: float) -> Float[Array, " M"]:
    """How likely the two halves of each merge are different things, by what the merge cost.

    The unit of costs is the median merge.
    """
    costs = np.log(np.maximum(nesting.heights[nesting.count :], 1e-12))
    beyond = costs - (np.median(costs) if len(costs) else 0) - log(border)
    return np.clip(1 / (1 + np.exp(-beyond / SOFT)), SURE, 1 - SURE)


def _either(a: float, b: float) -> float:
    """log(e^a + e^b)."""
    return max(a, b) + log1p(exp(-abs(a - b)))
