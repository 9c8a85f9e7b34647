"""How much each Gaussian looks like the object: the unary term P in (0, 1] of the diffusion.

The paper has three ways to find it. `features` are L2-normalized (graph.unit), and `bandwidth` is
b, the paper's second bandwidth.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool, Float, Int


def to_mean(
    features: Float[Array, "N D"], seeds: Bool[Array, " N"], *, bandwidth: float
) -> Float[Array, " N"]:
    """exp(−‖x_i − r‖² / (b m²)), as on NVOS.

    r is the mean feature of the seeds, and m the median distance of the seeds to it.
    """
    distance = np.linalg.norm(features - features[seeds].mean(0), axis=1)
    return _rbf(distance, bandwidth, float(np.median(distance[seeds])))


def to_weighted_mean(
    features: Float[Array, "N D"], relevancy: Float[Array, " N"], *, bandwidth: float
) -> Float[Array, " N"]:
    """exp(−‖x_i − r‖² / (b m²)), as for object removal.

    r is the normalized relevancy-weighted mean feature, and m the median distance of all Gaussians
    to it.
    """
    mean = (features * relevancy[:, None]).sum(0)
    mean /= max(float(np.linalg.norm(mean)), 1e-8)
    # Rounding can make 2 − 2 cos slightly negative.
    distance = np.sqrt(np.maximum(2 - 2 * features @ mean, 0))
    return _rbf(distance, bandwidth, float(np.median(distance)))


def logistic(
    features: Float[Array, "N D"],
    labels: Bool[Array, " M"],
    weights: Float[Array, " M"],
    rows: Int[Array, " M"] | None = None,
    *,
    C: float = 0.01,
    bandwidth: float = 1.0,
    balance: str = "weight",
) -> Float[Array, " N"]:
    """The probability of an L2 logistic regression to the power 1/b, as on SPIn-NeRF and LERF.

    It is trained on the M rows with their labels and sample weights Z (default: all N rows), and
    applied to all. The two classes are balanced either by "weight", with the factor
    ΣZ / (2 Σ_{class} Z), or by "count", with n / (2 n_class), as in the published results. This is
    not left to scikit-learn, whose class_weight="balanced" changed its meaning in version 1.7.
    """
    rows = np.arange(len(features)) if rows is None else rows
    if labels.all() or not labels.any():
        return np.full(len(features), float(labels.all()), np.float32)
    direction, offset = boundary(features[rows], labels, weights, C=C, balance=balance)
    return np.exp(-np.logaddexp(0, -(features @ direction + offset)) / bandwidth).astype(np.float32)


def boundary(
    features: Float[Array, "M D"],
    labels: Bool[Array, " M"],
    weights: Float[Array, " M"],
    *,
    C: float,
    balance: str = "weight",
) -> tuple[Float[Array, " D"], np.float32]:
    """Fit the regression: logit = features @ direction + offset. Both labels must occur."""
    amount = weights if balance == "weight" else np.ones_like(weights)
    share = {
        flag: amount.sum() / (2 * max(float(amount[labels == flag].sum()), 1e-12))
        for flag in (True, False)
    }
    weights = weights * np.where(labels, share[True], share[False])
    used = weights > 0
    # Local, because it takes a second to import, and an engine's first answer would wait for it.
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=C, solver="newton-cholesky", max_iter=100)
    model.fit(features[used], labels[used], sample_weight=weights[used])
    return model.coef_[0].astype(np.float32), np.float32(model.intercept_[0])


def _rbf(distance: Float[Array, " N"], bandwidth: float, scale: float) -> Float[Array, " N"]:
    return np.exp(-(distance**2) / (bandwidth * max(scale, 1e-8) ** 2)).astype(np.float32)
