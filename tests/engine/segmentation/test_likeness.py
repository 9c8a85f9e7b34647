"""Likeness: a probability, learned from weighted examples."""

import numpy as np

from ludvig_engine.segmentation.descriptor import Descriptor
from ludvig_engine.segmentation.likeness import learn


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
