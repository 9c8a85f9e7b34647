"""Growing and shrinking along the graph, against breadth-first search by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.segmentation.grow import grow, reach, shrink


@pytest.fixture
def graph():
    points = np.random.default_rng(0).uniform(size=(400, 3)).astype(np.float32)
    # Two things, side by side.
    features = np.where(points[:, :1] < 0.5, [[1.0, 0]], [[0.6, 0.8]]).astype(np.float32)
    features += np.random.default_rng(1).normal(0, 0.02, features.shape).astype(np.float32)
    return build(nearest(points, 6)).with_features(features), points[:, 0] < 0.5


def by_hand(graph, selected, hops, limit):
    for _ in range(hops):
        grown = selected.copy()
        for i in np.flatnonzero(selected):
            edges = slice(graph.indptr[i], graph.indptr[i + 1])
            grown[graph.indices[edges][graph.distances[edges] <= limit]] = True
        selected = grown
    return selected


@pytest.mark.parametrize("hops", [0, 1, 3])
def test_growing_adds_near_neighbors(graph, hops):
    graph, left = graph
    some = left & (np.random.default_rng(2).random(400) < 0.5)
    expected = by_hand(graph, some, hops, reach(graph, graph.distances, some))
    np.testing.assert_array_equal(grow(graph, some, hops=hops), expected)


def test_growing_stops_where_something_else_begins(graph):
    graph, left = graph
    some = left & (np.random.default_rng(2).random(400) < 0.5)
    grown = grow(graph, some, hops=50)
    assert (grown & left).sum() > 0.95 * left.sum() and not (grown & ~left).any()


def test_shrinking_is_growing_what_is_not_selected(graph):
    graph, left = graph
    some = left.copy()
    some[np.flatnonzero(left)[::7]] = False
    np.testing.assert_array_equal(shrink(graph, some, hops=2), ~grow(graph, ~some, hops=2))


def test_reach_is_that_of_the_selection(graph):
    graph, left = graph
    inner = [
        graph.distances[e]
        for i in np.flatnonzero(left)
        for e in range(graph.indptr[i], graph.indptr[i + 1])
        if left[graph.indices[e]] and graph.indices[e] != i
    ]
    assert reach(graph, graph.distances, left) == pytest.approx(np.quantile(inner, 0.95), rel=1e-5)


def test_a_selection_without_neighbors_reaches_everything(graph):
    graph, _ = graph
    one = np.zeros(400, bool)
    one[5] = True
    assert reach(graph, graph.distances, one) == np.inf
    np.testing.assert_array_equal(grow(graph, one), by_hand(graph, one, 1, np.inf))
    nothing = np.zeros(400, bool)
    assert not grow(graph, nothing, hops=5).any()
    assert grow(graph, ~nothing, hops=5).all()
