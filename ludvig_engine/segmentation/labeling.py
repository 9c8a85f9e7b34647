"""What is not seen of nested groups, from what is.

A group either is one thing, then the object holds all of it or nothing, or it is made of its two
halves, and the same is asked of each. Every superpoint gets the mean over all ways to divide the
tree so, each weighted by how likely it is [as in Heller and Ghahramani, "Bayesian Hierarchical
Clustering", ICML 2005]. Both passes over the tree are exact.
"""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
from scipy.special import expit

from ..arrays import Array, Float, Int
from .nesting import Nesting
from .settings import Settings

# How many e-folds more a merge costs for the odds that it joins two things to grow by one e-fold.
# 0.3 and 0.6 find the same.
SOFT = 0.6
# A Gaussian tells as much as half a superpoint that is wholly on one side: neighbors are not
# independent. One fourth or all of it loses .001 to .003 IoU.
GAUSSIAN = 0.5
# Odds never become certain.
SURE = 1e-4


def labeled(
    pairs: Int[Array, "M 2"],
    apart: Float[Array, " M"],
    inside: Float[Array, " S"],
    outside: Float[Array, " S"],
    *,
    settings: Settings,
) -> Float[Array, " S"]:
    """How likely each superpoint is the object, 0..1.

    Merge m joins two groups to group S + m; `apart` is how likely they are different things.
    `inside` and `outside` are how many Gaussians of a superpoint are seen clearly on either side.
    """
    count = len(inside)
    parent = np.full(count + len(pairs), -1)
    parent[pairs] = np.arange(count, len(parent))[:, None]
    apart = np.clip(apart, SURE, 1 - SURE)
    right, wrong = log(settings.pure), log(1 - settings.pure)
    rest = log(settings.unseen)
    yes = (GAUSSIAN * (inside * right + outside * wrong) + rest).tolist()
    no = (GAUSSIAN * (outside * right + inside * wrong) + log1p(-exp(rest))).tolist()
    for a, b in pairs.tolist():
        yes.append(yes[a] + yes[b])
        no.append(no[a] + no[b])
    either = np.logaddexp(yes, no)
    # Upwards: log likelihoods of each group if it is one thing, inside or outside, and in all.
    one = either - log(2)
    one[count:] += np.log1p(-apart)
    total = one[:count].tolist()
    together, divided = one[count:].tolist(), np.log(apart).tolist()
    for merge, (a, b) in enumerate(pairs.tolist()):
        first, second = together[merge], divided[merge] + total[a] + total[b]
        total.append(max(first, second) + log1p(exp(-abs(first - second))))
    whole = np.exp(one - total)  # how likely a group is one thing, if no larger one around it is
    # Downwards: how likely a group lies in one that is one thing and inside, and in none that is
    # one thing.
    found = (whole * np.exp(yes - either)).tolist()
    left = (1 - whole).tolist()
    for group in range(len(parent) - 1, -1, -1):
        above = int(parent[group])
        if above >= 0:
            found[group] = found[above] + left[above] * found[group]
            left[group] *= left[above]
    return np.array(found[:count], np.float32)


def apart_by_cost(nesting: Nesting, border: float) -> Float[Array, " M"]:
    """How likely the two halves of each merge are different things, by what the merge cost.

    The unit of costs is the median merge.
    """
    costs = np.log(np.maximum(nesting.heights[nesting.count :], 1e-12))
    beyond = costs - (np.median(costs) if len(costs) else 0) - log(border)
    return np.asarray(expit(beyond / SOFT))
