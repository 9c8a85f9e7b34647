"""Likeness: a probability, learned from weighted examples."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from ludvig_engine.segmentation import descriptor as descriptor_module
from ludvig_engine.segmentation.descriptor import Descriptor
from ludvig_engine.segmentation.likeness import SLOPE, _fit, learn


def test_rare_things_are_as_likely_as_they_are_frequent():
    """The mean probability over the scene is the frequency, for two kinds that overlap.

    One is ten times as frequent as the other.
    """
    rng = np.random.default_rng(0)
    yes = np.arange(11_000) < 1000
    features = (rng.normal(size=(11_000, 2)) + yes[:, None]).astype(np.float32)
    descriptor = Descriptor.of(
        features, np.zeros((11_000, 3), np.float32), np.ones(11_000, np.float32), share=0.0
    )
    balanced = learn(descriptor, yes * 1.0, ~yes * 1.0, C=100.0)
    true = learn(descriptor, yes * 1.0, ~yes * 1.0, C=100.0, rare=True)
    np.testing.assert_allclose(true.mean(), 1 / 11, rtol=0.05)
    assert balanced.mean() > 0.2
    assert (np.diff(true[np.argsort(balanced)]) >= -1e-6).all()


def test_the_product_of_all_is_that_of_their_rows():
    rng = np.random.default_rng(0)
    features, means = (
        rng.random((500, 3), np.float32),
        rng.normal(size=(500, 3)).astype(np.float32) * 4,
    )
    descriptor = Descriptor.of(features, means, np.ones(500, np.float32), share=1.6)
    weights = rng.normal(size=descriptor.rows(np.arange(1)).shape[1])
    expected = descriptor.rows(np.arange(500)) @ weights
    np.testing.assert_allclose(descriptor.product(weights), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("memory", [1 << 40, 0])
def test_the_waves_of_a_scene_are_made_once_where_memory_allows(memory, monkeypatch):
    made = []
    make = Descriptor._waves
    monkeypatch.setattr(Descriptor, "_waves", lambda *given: made.append(1) or make(*given))
    monkeypatch.setattr(descriptor_module, "total_memory", lambda: memory)
    monkeypatch.setattr(descriptor_module, "PIECE", 100)
    rng = np.random.default_rng(0)
    means = rng.normal(size=(450, 3)).astype(np.float32)
    descriptor = Descriptor.of(rng.random((450, 3), np.float32), means, np.ones(450), share=1.6)
    weights = rng.normal(size=63)
    first = descriptor.product(weights)
    assert len(made) == 5
    assert np.array_equal(descriptor.product(weights), first)
    assert len(made) == (5 if memory else 10)


@pytest.mark.parametrize("C", [0.05, 5, 5000])
@pytest.mark.parametrize("apart", [0, 0.5, 20], ids=["mixed", "near", "far apart"])
def test_the_fit_is_that_of_scikit_learn(apart, C):
    rng = np.random.default_rng(3)
    labels = np.arange(900) < 60
    seen = rng.normal(size=(900, 12)) * np.geomspace(1, 0.01, 12)
    seen[labels, :3] += apart
    weights = np.where(labels, 450 / 60, 450 / 840) * rng.uniform(0.5, 1.5, 900)
    exact = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=500)
    exact.fit(seen, labels, sample_weight=weights)
    fitted = _fit(seen, labels, weights, C)
    likely = 1 / (1 + np.exp(-(seen @ fitted[:-1] + fitted[-1])))
    np.testing.assert_allclose(likely, exact.predict_proba(seen)[:, 1], atol=20 * SLOPE)
    rough = _fit(seen.astype(np.float32), labels, weights, C)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, fitted, rtol=1e-2, atol=1e-2 * np.abs(fitted).max())
