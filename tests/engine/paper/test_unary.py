"""The three unary terms."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.graph.neighbors import unit
from ludvig_engine.paper.unary import logistic, to_mean, to_weighted_mean

RNG = np.random.default_rng(2)
X = unit(
    np.concatenate([RNG.normal(size=(60, 5)) + 2, RNG.normal(size=(90, 5)) - 2]).astype(np.float32)
)
LABELS = np.arange(150) < 60
Z = RNG.uniform(0.1, 3, 150).astype(np.float32)


def test_rbf_to_mean():
    P = to_mean(X, LABELS, bandwidth=2.0)
    d = np.linalg.norm(X - X[:60].mean(0), axis=1)
    np.testing.assert_allclose(P, np.exp(-(d**2) / (2 * np.median(d[:60]) ** 2)), rtol=1e-5)
    assert P[:60].min() > P[60:].max()


def test_rbf_to_weighted_mean_survives_rounding():
    same = np.repeat(unit(RNG.normal(size=(1, 5)).astype(np.float32)), 30, 0)
    P = to_weighted_mean(same, np.ones(30, np.float32), bandwidth=1.0)
    assert np.isfinite(P).all() and (P > 0).all() and (P <= 1).all()
    assert to_weighted_mean(X, LABELS.astype(np.float32), bandwidth=1.0)[:60].min() > 0.5


def test_logistic_separates_and_bandwidth_is_a_power():
    P = logistic(X, LABELS, Z)
    assert (P[:60] > 0.5).all() and (P[60:] < 0.5).all()
    np.testing.assert_allclose(logistic(X, LABELS, Z, bandwidth=0.25), P**4, rtol=1e-4)


@pytest.mark.parametrize("balance", ["weight", "count"])
def test_logistic_scale_of_weights_is_the_scale_of_c(balance):
    a = logistic(X, LABELS, 3 * Z, C=0.02, balance=balance)
    b = logistic(X, LABELS, Z, C=0.06, balance=balance)
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_logistic_balances_like_both_versions_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    shares = {
        "weight": [Z.sum() / (2 * Z[LABELS == c].sum()) for c in (0, 1)],
        "count": [150 / (2 * (LABELS == c).sum()) for c in (0, 1)],
    }
    for balance, share in shares.items():
        model = LogisticRegression(C=0.5).fit(
            X, LABELS, sample_weight=Z * np.where(LABELS, share[1], share[0])
        )
        got = logistic(X, LABELS, Z, C=0.5, balance=balance)
        np.testing.assert_allclose(got, model.predict_proba(X)[:, 1], atol=2e-3)


def test_zero_weights_have_no_effect():
    some = Z * (RNG.random(150) < 0.6)
    rows = np.flatnonzero(some > 0)
    np.testing.assert_allclose(
        logistic(X, LABELS, some), logistic(X, LABELS[rows], some[rows], rows), atol=1e-4
    )


def test_one_class_only():
    np.testing.assert_array_equal(logistic(X, np.ones(150, bool), Z), 1)
