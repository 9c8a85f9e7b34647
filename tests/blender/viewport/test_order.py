"""Splats are drawn back to front."""

import numpy as np

from extension import blender_module

order = blender_module("ludvig_blender.viewport.order")
rng = np.random.default_rng(0)


def test_exact_order_is_that_of_argsort():
    for depth in (
        rng.normal(size=5000),
        np.repeat([3.0, -1, 0, 2], 7),
        np.array([-0.0, 0.0, 1e-30, -1e30]),
        np.empty(0),
    ):
        depth = depth.astype(np.float32)
        np.testing.assert_array_equal(depth[order.sorted_exactly(depth)], np.sort(depth))


def test_rough_order_is_right_to_a_fraction_of_the_distance():
    """Also when a single splat is very far away."""
    depth = np.append(np.exp(rng.uniform(np.log(0.05), np.log(100), 20_000)), 1e4).astype(
        np.float32
    )
    found = depth[order.sorted_roughly(depth)]
    worst = np.max(np.maximum.accumulate(found) / found)
    assert worst < 1 + 1 / 2000
    assert sorted(order.sorted_roughly(depth)) == list(range(len(depth)))


def test_objects_are_sorted_together():
    near, far = (rng.normal(size=(50, 3)).astype(np.float32) for _ in range(2))
    plane = np.array([0, 0, 1.0, 5])
    shifted = plane + np.array([0, 0, 0, 1])
    parts = [order.Part(near, plane, first=10), order.Part(far, shifted, first=60)]
    found = order.back_to_front(parts, exact=True).astype(int)
    depth = np.concatenate([near[:, 2] + 5, far[:, 2] + 6])
    np.testing.assert_array_equal(depth[found - 10], np.sort(depth)[::-1])
    assert found.min() == 10
    assert order.back_to_front([], exact=True).size == 0
