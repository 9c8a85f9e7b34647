"""Likeness: a probability, learned from weighted examples."""

import numpy as np
import pytest

from ludvig_engine.segmentation import descriptor as descriptor_module
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
