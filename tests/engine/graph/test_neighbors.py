"""The graph against brute force, and its invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ludvig_engine.graph import neighbors as neighbors_module
from ludvig_engine.graph.neighbors import IN, OUT, build, nearest, unit

RNG = np.random.default_rng(0)


def brute_force(points, k):
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    return np.argsort(distance, axis=1, kind="stable")[:, : k + 1]


def test_nearest_equals_brute_force():
    points = RNG.normal(size=(500, 3)).astype(np.float32)
    got = nearest(points, 9)
    assert got.shape == (500, 10) and (got[:, 0] == np.arange(500)).all()
    np.testing.assert_array_equal(np.sort(got), np.sort(brute_force(points, 9)))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999), n=st.integers(1, 60), k=st.integers(1, 12), places=st.integers(1, 20)
)
def test_self_comes_first_even_among_points_in_one_place(seed, n, k, places):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(places, 3))[rng.integers(0, places, n)].astype(np.float32)
    got = nearest(points, k)
    assert got.shape == (n, min(k + 1, n)) and (got[:, 0] == np.arange(n)).all()
    assert all(len(set(row)) == len(row) for row in got)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    expected = np.sort(distance, axis=1)[:, : got.shape[1]]
    np.testing.assert_allclose(
        np.sort(np.take_along_axis(distance, got, 1), axis=1), expected, atol=1e-6
    )


def test_invariances_and_permutation():
    points = RNG.normal(size=(300, 3))
    expected = np.sort(nearest(points, 5))
    Q = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    np.testing.assert_array_equal(np.sort(nearest(7 * points @ Q + [1, 2, 3], 5)), expected)
    p = RNG.permutation(300)
    np.testing.assert_array_equal(np.sort(p[nearest(points[p], 5)]), expected[p])


@pytest.mark.parametrize("rows", [7, 64, 65536])
def test_graph_is_the_union_of_both_directions(monkeypatch, rows):
    monkeypatch.setattr(neighbors_module, "ROWS", rows)
    points, features = RNG.normal(size=(200, 3)), RNG.normal(size=(200, 7)).astype(np.float32)
    neighbors = nearest(points, 6)
    graph = build(neighbors).with_features(features)
    inside = np.zeros((200, 200), bool)
    inside[np.arange(200)[:, None], neighbors] = True
    direction = graph.matrix(graph.direction.astype(np.float32)).toarray()
    np.testing.assert_array_equal(direction, OUT * inside + IN * inside.T)
    assert (
        graph.indices[graph.indptr[7] : graph.indptr[8]][1:]
        > graph.indices[graph.indptr[7] : graph.indptr[8]][:-1]
    ).all()
    x = unit(features)
    expected = np.linalg.norm(x[:, None] - x[None], axis=2) * (inside | inside.T)
    np.testing.assert_allclose(graph.matrix(graph.distances).toarray(), expected, atol=1e-6)


def test_a_large_graph_computes_its_distances_each_time(monkeypatch):
    points, features = RNG.normal(size=(200, 3)), RNG.normal(size=(200, 7)).astype(np.float32)
    graph = build(nearest(points, 6))
    assert not graph.distances.any()
    kept = graph.with_features(features)
    assert kept.distances is kept.distances
    monkeypatch.setattr(neighbors_module, "KEPT", 199)
    large = graph.with_features(features)
    assert large.distances is not large.distances and large.kept is None
    np.testing.assert_array_equal(large.distances, kept.distances)
    assert large.median_distance == kept.median_distance
    other = large.with_features(features[:, :3].copy())
    assert (other.distances != large.distances).any()


def test_unit_leaves_zeros_alone():
    x = np.array([[3, 4], [0, 0]], np.float32)
    np.testing.assert_allclose(unit(x), [[0.6, 0.8], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_points_than_neighbors(n):
    graph = build(nearest(RNG.normal(size=(n, 3)), 16))
    assert len(graph) == n and len(graph.indices) == n * n
