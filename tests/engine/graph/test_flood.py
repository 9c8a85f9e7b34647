"""What is connected through some Gaussians, against a search by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.graph.flood import connected
from ludvig_engine.graph.neighbors import build, nearest

RNG = np.random.default_rng(2)
# All features are equal, so all distances are 0, which must not cut the edges.
GRAPH = build(nearest(RNG.random((300, 3)), 4)).with_features(np.ones((300, 2), np.float32))


def searched(among: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    found = np.zeros(len(GRAPH), bool)
    left = [seed for seed in seeds if among[seed]]
    while left:
        row = left.pop()
        if not found[row]:
            found[row] = True
            columns = GRAPH.indices[GRAPH.indptr[row] : GRAPH.indptr[row + 1]]
            left += [column for column in columns if among[column]]
    return found


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 1.0])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_it_is_what_a_search_finds(share, count):
    among = RNG.random(len(GRAPH)) < share
    seeds = RNG.choice(len(GRAPH), count, replace=False)
    np.testing.assert_array_equal(connected(GRAPH, among, seeds), searched(among, seeds))


def test_parts_without_a_seed_stay_out():
    among = RNG.random(len(GRAPH)) < 0.3
    found = connected(GRAPH, among, np.flatnonzero(among)[:1])
    assert 0 < found.sum() < among.sum() and not (found & ~among).any()
