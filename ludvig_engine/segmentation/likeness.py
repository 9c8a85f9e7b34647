"""How likely each Gaussian is part of the object: an L2 logistic regression on its descriptor.

Clicks show a handful of Gaussians and carry almost no information about what the object is *not*. A
random sample of the scene, with little weight, provides that: most of any scene is not the object.
The result is split into object and rest and learned again from both, several times. This
self-training finds parts of the object that have other colors.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ..arrays import Array, Bool, Float, Int
from ..machine.blas import single
from ..progress import SILENT, Job
from .descriptor import Descriptor

# Examples of each class at most; more do not change a linear model of a hundred numbers.
MOST = 6000
_SEED = 0
# Where the fit ends: the slope of the mean loss, as scikit-learn has it, or so many steps.
SLOPE, STEPS = 1e-4, 50
# How far a step may go, at first and at most: far enough for most to be Newton's own.
RADII = {"initial_trust_radius": 10.0, "max_trust_radius": 1e4}


def learn(
    descriptor: Descriptor,
    positive: Float[Array, " N"],
    negative: Float[Array, " N"],
    *,
    C: float,
    background: float = 0.0,
    rare: bool = False,
    job: Job = SILENT,
) -> Float[Array, " N"]:
    """Probability of being the object, from weighted examples; both classes are balanced to 1/2.

    With `rare`, the prior of each class is its summed weight instead (Bayes' rule). C is
    scikit-learn's inverse regularization, for examples whose weights sum to their number.
    `background` is the weight of the random sample beside the negative examples.
    """
    rng = np.random.default_rng(_SEED)
    yes, yes_weights = _examples(positive, rng)
    no, no_weights = _examples(negative, rng)
    if background:
        others = rng.choice(len(positive), min(len(positive), 4000), replace=False)
        no = np.concatenate([no, others])
        no_weights = np.concatenate([no_weights, np.full(len(others), background / len(others))])
        no_weights /= no_weights.sum()
    if not len(yes) or not len(no):
        return np.full(len(positive), float(len(yes) > 0), np.float32)
    rows = np.concatenate([yes, no])
    weights = np.concatenate([yes_weights, no_weights]) * (len(rows) / 2)
    odds = positive.sum() / negative.sum() if rare else 1.0
    seen = descriptor.rows(rows)
    if not np.ptp(seen, axis=0).any():
        # All examples are alike, and the solver would only search for what is not there.
        return np.full(len(positive), odds / (1 + odds), np.float32)
    with single():
        fitted = job.aside(lambda: _fit(seen, np.arange(len(rows)) < len(yes), weights, C))
    offset = np.float32(fitted[-1] + np.log(odds))
    return np.asarray(expit(descriptor.product(fitted[:-1], job=job) + offset))


def _fit(
    seen: Float[Array, "M D"], labels: Bool[Array, " M"], weights: Float[Array, " M"], C: float
) -> Float[Array, " D+1"]:
    """The direction and, last, the offset of least loss: Σ w log(1 + e^∓logit) + ‖direction‖² / 2C.

    Steps and tolerance are those of scikit-learn's "newton-cholesky", whose import takes each
    engine a second and 55 MB; SciPy's solver takes as many steps and as long for each.
    """
    from scipy.optimize import minimize  # here, because wrong files are refused without it

    x = np.column_stack([seen, np.ones(len(seen), seen.dtype)])
    y, share = labels.astype(x.dtype), (weights / weights.sum()).astype(x.dtype)
    penalty = np.append(np.full(seen.shape[1], 1 / (C * weights.sum())), 0)

    def loss(place: Float[Array, " D+1"]) -> tuple[float, Float[Array, " D+1"]]:
        logits = x @ place.astype(x.dtype)
        likely = share @ (np.logaddexp(0, logits) - y * logits)
        slope = x.T @ (share * (expit(logits) - y)) + penalty * place
        return float(likely) + penalty @ place**2 / 2, slope

    def bend(place: Float[Array, " D+1"]) -> Float[Array, "D+1 D+1"]:
        p = expit(x @ place.astype(x.dtype))
        found: Array = x.T @ ((share * p * (1 - p))[:, None] * x) + np.diag(penalty)
        return found

    start, options = np.zeros(x.shape[1]), {"gtol": SLOPE, "maxiter": STEPS} | RADII
    found = minimize(loss, start, jac=True, hess=bend, method="trust-exact", options=options)
    fitted: Array = found.x.astype(x.dtype)
    return fitted


def _examples(
    weights: Float[Array, " N"], rng: np.random.Generator
) -> tuple[Int[Array, " M"], Float[Array, " M"]]:
    """Rows that have weight, at most MOST of them, and weights that sum to 1."""
    rows = np.flatnonzero(weights > 0)
    if len(rows) > MOST:
        rows = np.sort(rng.choice(rows, MOST, replace=False))
    chosen = weights[rows].astype(np.float64)
    return rows, chosen / max(chosen.sum(), 1e-12)
