"""Laws of cutting a hierarchy, on random ones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ludvig_engine.wire import hierarchy


def random_hierarchy(seed, leaves=30, merges=25):
    """Merges of random pairs of nodes that are left, with levels that never rise."""
    rng = np.random.default_rng(seed)
    left, pairs = list(range(leaves)), []
    levels = np.full(leaves + merges, 1.2)
    for number in range(merges):
        pair = [left.pop(rng.integers(len(left))) for _ in range(2)]
        pairs.append(pair)
        levels[leaves + number] = min(levels[pair]) - rng.choice([0, 0.05])
        left.append(leaves + number)
    return np.array(pairs, np.int32), levels[leaves:].astype(np.float32), leaves


@pytest.mark.parametrize("seed", range(5))
def test_cuts_are_nested_and_monotone(seed):
    cuts = [hierarchy.roots(*random_hierarchy(seed), detail) for detail in np.linspace(0, 1, 21)]
    counts = [len(np.unique(cut)) for cut in cuts]
    assert counts == sorted(counts)
    for coarse, fine in pairwise(cuts):
        assert len(set(zip(fine.tolist(), coarse.tolist(), strict=True))) == len(np.unique(fine))


@pytest.mark.parametrize("seed", range(5))
def test_the_root_is_the_last_merge_that_holds(seed):
    """Compared with merging one by one."""
    merges, levels, leaves = random_hierarchy(seed)
    for detail in (0.0, 0.85, 1.0, 1.2):
        node = np.arange(leaves)
        for number, (pair, level) in enumerate(zip(merges, levels, strict=True), leaves):
            if level >= np.float32(detail):
                node[np.isin(node, pair)] = number
        np.testing.assert_array_equal(hierarchy.roots(merges, levels, leaves, detail), node)


def test_no_merges_and_no_leaves():
    none = np.zeros((0, 2), np.int32), np.zeros(0, np.float32)
    np.testing.assert_array_equal(hierarchy.roots(*none, 3, 0.5), [0, 1, 2])
    assert len(hierarchy.roots(*none, 0, 0.5)) == 0
    labels, count = hierarchy.labels(np.zeros(0, int), np.full(4, -1))
    assert count == 0 and (labels == -1).all()


def test_labels_are_numbered_by_size_and_keep_what_is_left_out():
    leaves = np.array([0, 1, 1, 1, 2, 2, -1])
    labels, count = hierarchy.labels(np.array([7, 7, 2]), leaves)
    assert count == 2 and labels.dtype == np.int32
    np.testing.assert_array_equal(labels, [0, 0, 0, 0, 1, 1, -1])
    labels, _ = hierarchy.labels(np.array([0, 7, 7]), leaves)
    np.testing.assert_array_equal(labels, [1, 0, 0, 0, 0, 0, -1])
