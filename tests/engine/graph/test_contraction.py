"""Walks over the edges give what NumPy and SciPy give, with arrays as long as the edges."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from ludvig_engine.graph import contraction
from ludvig_engine.graph.contraction import (
    contracted,
    edges_between,
    joined,
    one_way,
    spread,
    sums_of,
)
from ludvig_engine.graph.neighbors import build, nearest

COUNT = 300


@pytest.fixture(params=[0, 1, 2])
def rng(request):
    return np.random.default_rng(request.param)


@pytest.fixture
def graph(rng):
    return build(nearest(rng.normal(size=(COUNT, 3)).astype(np.float32), 5))


def rows_of(graph):
    return np.repeat(np.arange(COUNT, dtype=np.int32), np.diff(graph.indptr))


def test_each_edge_is_met_once(graph):
    rows = rows_of(graph)
    up = rows < graph.indices
    a, b = one_way(graph.indptr, graph.indices)
    np.testing.assert_array_equal(a, rows[up])
    np.testing.assert_array_equal(b, graph.indices[up])


@pytest.mark.parametrize("groups", [1, 7, 100])
def test_edges_between_groups_are_unique_and_ascend(graph, rng, groups):
    a, b = one_way(graph.indptr, graph.indices)
    into = rng.integers(0, groups, COUNT).astype(np.int32)
    pairs = np.sort(np.stack([into[a], into[b]], 1), axis=1)
    expected = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    np.testing.assert_array_equal(np.stack(edges_between(a, b, into, groups), 1), expected)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_segments_are_joined_as_connected_components(graph, rng, share):
    a, b = one_way(graph.indptr, graph.indices)
    best = np.full(COUNT, -1, np.int64)
    for edge in np.flatnonzero(rng.random(len(a)) < share):
        best[a[edge]] = edge
    used = best[best >= 0]
    tree = csr_matrix((np.ones(len(used)), (a[used], b[used])), shape=(COUNT, COUNT))
    count, labels = connected_components(tree, directed=False)
    into, found = joined(a, b, best)
    assert found == count
    np.testing.assert_array_equal(into, labels)


def test_what_is_not_known_becomes_the_mean_of_its_known_neighbors(graph, rng):
    known = rng.random(COUNT) < 0.4
    x = rng.normal(size=(COUNT, 4)).astype(np.float32)
    edges = graph.matrix(np.ones(len(graph.indices), np.float32)).toarray() * known
    total = edges.sum(1)
    expected = np.where(known[:, None], x, edges @ x / np.maximum(total, 1)[:, None])
    found = spread(graph.indptr, graph.indices, x, known)
    np.testing.assert_array_equal(found, known | (total > 0))
    np.testing.assert_allclose(x, expected, atol=1e-6)


def test_sums_of_groups(rng):
    values, labels = rng.normal(size=(COUNT, 3)).astype(np.float32), rng.integers(0, 9, COUNT)
    expected = [np.bincount(labels, column, 9) for column in values.T]
    np.testing.assert_array_equal(sums_of(values, labels, 9), np.stack(expected, 1))


@pytest.mark.parametrize("pieces", [1, 3, 500])
@pytest.mark.parametrize("groups", [1, 20, COUNT])
def test_graphs_of_groups(graph, rng, monkeypatch, pieces, groups):
    values = rng.random(len(graph.indices)).astype(np.float32)
    labels = 2 * rng.integers(0, groups, COUNT).astype(np.int32)  # every second group is empty
    count = int(labels.max()) + 1
    ends = labels[rows_of(graph)], labels[graph.indices]
    apart = ends[0] != ends[1]
    monkeypatch.setattr(contraction, "PIECES", pieces)
    for one, given in ((values, values), (np.ones_like(values), 1)):
        inside = ends[0][apart], ends[1][apart]
        expected = csr_matrix((one[apart].astype(float), inside), shape=(count, count))
        found = contracted(graph, given, labels)
        assert found.dtype == np.float32 and found.has_sorted_indices
        assert found.nnz == expected.nnz
        np.testing.assert_allclose(found.toarray(), expected.toarray(), rtol=1e-6)


def test_a_graph_of_no_groups():
    nothing = build(np.empty((0, 1), np.int32))
    assert contracted(nothing, 1, np.empty(0, np.int32)).shape == (0, 0)


def test_distances_take_no_copy_of_the_features():
    rng = np.random.default_rng(0)
    graph = build(nearest(rng.normal(size=(2000, 3)).astype(np.float32), 4))
    features = rng.normal(size=(2000, 400)).astype(np.float32)
    graph.with_features(features)  # compiles
    tracemalloc.start()
    graph.with_features(features)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < features.nbytes / 4
