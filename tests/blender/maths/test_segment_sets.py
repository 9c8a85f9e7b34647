"""Segments behave exactly as sets, whatever their scores and thresholds.

No score is changed without need.
"""

import numpy as np
import pytest

from extension import blender_module

sets = blender_module("ludvig_blender.maths.segment_sets")
THRESHOLDS = (0.0, 1e-7, 0.2, 0.5, 0.77, 1.0)


def scores(threshold, seed):
    """Random ones, with as many as possible at and next to the threshold."""
    edge = np.float32(threshold)
    near = [edge, np.nextafter(edge, np.float32(2)), np.nextafter(edge, np.float32(-1)), 0, 1, 0.5]
    return (
        np.concatenate([np.random.default_rng(seed).random(200), near * 20])
        .clip(0, 1)
        .astype(np.float32)
    )


@pytest.mark.parametrize("ta", THRESHOLDS)
@pytest.mark.parametrize("tb", THRESHOLDS)
def test_are_sets(ta, tb):
    a, b = scores(ta, 1), np.random.default_rng(3).permutation(scores(tb, 2))
    in_a, in_b = a > np.float32(ta), b > np.float32(tb)
    ca, cb = sets.centered(a, ta), sets.centered(b, tb)
    np.testing.assert_array_equal(ca > 0.5, in_a)
    np.testing.assert_array_equal(sets.union(ca, cb) > 0.5, in_a | in_b)
    np.testing.assert_array_equal(sets.intersection(ca, cb) > 0.5, in_a & in_b)
    np.testing.assert_array_equal(sets.difference(ca, cb) > 0.5, in_a & ~in_b)
    np.testing.assert_array_equal(sets.difference(ca, ca) > 0.5, np.zeros(len(a), bool))


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_centering_keeps_the_order_and_range(threshold):
    values = np.sort(scores(threshold, 5))
    after = sets.centered(values, threshold)
    assert (np.diff(after) >= 0).all()
    assert after.min() >= 0
    assert after.max() <= 1
    np.testing.assert_allclose(sets.centered(values, 0.5), values, atol=2 * sets.CLEAR)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_attained(threshold):
    values = scores(threshold, 7)
    chosen = np.random.default_rng(8).random(len(values)) < 0.5
    after = sets.attained(values, threshold, chosen)
    np.testing.assert_array_equal(after > np.float32(threshold), chosen)
    right = (values > np.float32(threshold)) == chosen
    np.testing.assert_array_equal(after[right], values[right])
