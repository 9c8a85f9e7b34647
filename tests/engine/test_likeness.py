"""Likeness: a probability, learned from weighted examples."""

import numpy as np

from ludvig_engine.descriptor import Descriptor
from ludvig_engine.likeness import learn


def test_rare_things_are_as_likely_as_they_are_frequent():
    """Two kinds that overlap, one ten times as frequent: averaged over the scene the probability is the frequency."""
    rng = np.random.default_rng(0)
    yes = np.arange(11_000) < 1000
    features = (rng.normal(size=(11_000, 2)) + yes[:, None]).astype(np.float32)
    descriptor = Descriptor.of(features, np.zeros((11_000, 3), np.float32), np.ones(11_000, np.float32), share=0.0)
    balanced = learn(descriptor, yes * 1.0, ~yes * 1.0, C=100.0)
    true = learn(descriptor, yes * 1.0, ~yes * 1.0, C=100.0, rare=True)
    np.testing.assert_allclose(true.mean(), 1 / 11, rtol=0.05)
    assert balanced.mean() > 0.2
    assert (np.diff(true[np.argsort(balanced)]) >= -1e-6).all()
