"""Laws of both diffusions: spectrum, components, limits, the chain, the published code's form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components, shortest_path

from ludvig_engine.graph.flood import flood
from ludvig_engine.graph.neighbors import OUT, build, edge_distances, nearest, unit
from ludvig_engine.graph.similarity import similarities
from ludvig_engine.paper.diffusions import diffuse, kept_edges, release_edges, seed_median

RNG = np.random.default_rng(1)
N = 120
POINTS = np.concatenate([RNG.normal(size=(70, 3)), RNG.normal(size=(50, 3)) + 100]).astype(
    np.float32
)
FEATURES = RNG.normal(size=(N, 4)).astype(np.float32)
NEIGHBORS = nearest(POINTS, 6)
GRAPH = build(NEIGHBORS).with_features(FEATURES)
P = RNG.uniform(0.2, 1, N).astype(np.float32)


def dense(graph, values):
    return graph.matrix(np.asarray(values, float)).toarray()


def test_similarities():
    scale = 0.7
    A = dense(GRAPH, similarities(GRAPH, 2.0, scale))
    np.testing.assert_allclose(A, A.T, rtol=1e-5)
    np.testing.assert_allclose(np.diag(A), 2)  # S_ii = 1, in both directions
    x = unit(FEATURES)
    S = np.zeros((N, N))
    for i, row in enumerate(NEIGHBORS):
        S[i, row] = np.exp(-np.sum((x[i] - x[row]) ** 2, 1) / (2.0 * scale**2))
    np.testing.assert_allclose(A, S + S.T, atol=1e-5)
    one_way = np.abs(dense(GRAPH, GRAPH.direction == OUT)) > 0
    halved = dense(GRAPH, similarities(GRAPH, 1.0, scale))
    np.testing.assert_allclose(halved[one_way], A[one_way] ** 2, rtol=1e-4)


def test_similarity_at_the_median_distance():
    d = float(GRAPH.distances[GRAPH.distances > 0][0])
    edge = np.flatnonzero(GRAPH.distances == np.float32(d))[0]
    count = 2 if GRAPH.direction[edge] == 3 else 1
    assert similarities(GRAPH, 0.5, d)[edge] == pytest.approx(count * np.exp(-2), rel=1e-4)


def test_similarities_with_a_scale_per_row():
    m = RNG.uniform(0.3, 1.5, N).astype(np.float32)
    x, S = unit(FEATURES), np.zeros((N, N))
    for i, row in enumerate(NEIGHBORS):
        S[i, row] = np.exp(-np.sum((x[i] - x[row]) ** 2, 1) / (0.5 * m[i] ** 2))
    np.testing.assert_allclose(dense(GRAPH, similarities(GRAPH, 0.5, m)), S + S.T, atol=1e-5)


def test_features_may_be_rescaled_and_rotated():
    Q = np.linalg.qr(RNG.normal(size=(4, 4)))[0].astype(np.float32)
    turned = GRAPH.with_features(5 * FEATURES @ Q)
    np.testing.assert_allclose(turned.distances, GRAPH.distances, atol=1e-5)


def test_seed_median_counts_the_zero_of_the_seed_itself():
    seeds = np.zeros(N, bool)
    seeds[[3, 9]] = True
    x = unit(FEATURES)
    pairs = np.sort([np.linalg.norm(x[i] - x[j]) for i in (3, 9) for j in NEIGHBORS[i]])
    assert seed_median(GRAPH, seeds) == pytest.approx(pairs[(len(pairs) - 1) // 2], abs=1e-6)
    assert seed_median(GRAPH, np.zeros(N, bool)) == 0


def normalized(adjacency, unary):
    W = np.sqrt(unary)[:, None] * dense(GRAPH, adjacency) * np.sqrt(unary)
    D = W.sum(1)
    return W / np.sqrt(D[:, None] * D), D


def test_diffusion_is_the_power_iteration():
    A = similarities(GRAPH, 1.0, 0.8)
    At, D = normalized(A, P)
    values = np.linalg.eigvalsh(At)
    assert values.min() >= -1 - 1e-6 and values.max() <= 1 + 1e-6
    components = connected_components(dense(GRAPH, A) > 1e-12)[0]
    assert components == 2 and (values > 1 - 1e-6).sum() == components
    np.testing.assert_allclose(At @ np.sqrt(D), np.sqrt(D), rtol=1e-5)
    g = RNG.random((N, 2)).astype(np.float32)
    expected = g.astype(float)
    for _ in range(7):
        expected = At @ (expected / (np.linalg.norm(expected, axis=0) + 1e-6))
    np.testing.assert_allclose(diffuse(GRAPH, A, P, g, steps=7), expected, rtol=1e-4, atol=1e-6)


def test_published_algebra_is_the_same_matrix():
    A = dense(GRAPH, similarities(GRAPH, 1.0, 0.8))
    At, _ = normalized(similarities(GRAPH, 1.0, 0.8), P)
    u = P / (np.sqrt(P) * (A @ np.sqrt(P)))
    np.testing.assert_allclose(np.sqrt(u)[:, None] * A * np.sqrt(u), At, atol=1e-6)


def test_diffusion_leaks_nowhere_and_has_the_right_limit():
    A = similarities(GRAPH, 4.0, 1.0)
    seeds = np.zeros((N, 1), np.float32)
    seeds[:5] = RNG.random((5, 1))
    g = diffuse(GRAPH, A, P, seeds, steps=3000)
    assert (g[70:] == 0).all() and (g >= 0).all()
    D = np.sqrt(normalized(A, P)[1][:70])
    cosine = g[:70, 0] @ D / np.linalg.norm(g[:70, 0]) / np.linalg.norm(D)
    assert cosine == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(
        diffuse(GRAPH, A, P, 9 * seeds, steps=20), diffuse(GRAPH, A, P, seeds, steps=20), rtol=1e-3
    )


def test_restart_keeps_the_seeds():
    A, seeds = similarities(GRAPH, 1.0, 0.8), RNG.random((N, 1)).astype(np.float32)
    At, _ = normalized(A, P)
    limit = np.linalg.solve(np.eye(N) - 0.7 * At, 0.3 * seeds)
    np.testing.assert_allclose(
        diffuse(GRAPH, A, P, seeds, steps=200, restart=0.3), limit, rtol=1e-3, atol=1e-5
    )


def test_unary_disconnects_and_its_scale_does_not_matter():
    A, seeds = similarities(GRAPH, 1.0, 0.8), RNG.random((N, 1)).astype(np.float32)
    np.testing.assert_allclose(
        diffuse(GRAPH, A, 0.3 * P, seeds), diffuse(GRAPH, A, P, seeds), rtol=1e-3, atol=1e-6
    )
    cut = P.copy()
    cut[11] = 0
    assert diffuse(GRAPH, A, cut, seeds)[11] == 0


@pytest.mark.parametrize("threshold", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("hops", [1, 3, 100])
def test_flood_is_breadth_first_search(threshold, hops):
    kept = kept_edges(GRAPH, P, bandwidth=1.0, scale=0.8, threshold=threshold)
    x = unit(FEATURES)
    S = np.exp(-np.sum((x[:, None] - x) ** 2, 2) / 0.64) * np.sqrt(P[:, None] * P)
    np.testing.assert_array_equal(
        dense(GRAPH, kept) > 0, (S > threshold) & (dense(GRAPH, GRAPH.direction) > 0)
    )
    seeds = np.zeros(N, bool)
    seeds[[2, 30, 80]] = True
    steps = shortest_path(dense(GRAPH, kept) > 0, unweighted=True)[seeds & (P > threshold)]
    expected = steps.min(0) if len(steps) else np.full(N, np.inf)
    expected = np.where(expected <= hops, expected, -1)
    np.testing.assert_array_equal(flood(GRAPH, kept, seeds, hops=hops), expected)


def test_chain():
    points = np.zeros((5, 3), np.float32)
    points[:, 0] = [0, 1, 2.01, 3.03, 4.06]  # each is nearest to the one before it
    graph = build(nearest(points, 1)).with_features(np.ones((5, 2), np.float32))
    seeds = np.array([True, False, False, False, False])
    ones = np.ones(5, np.float32)
    kept = kept_edges(graph, ones, bandwidth=1, scale=1)
    np.testing.assert_array_equal(flood(graph, kept, seeds), [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(flood(graph, kept, seeds, hops=2), [0, 1, 2, -1, -1])
    blocked = ones.copy()
    blocked[3] = 0
    kept = kept_edges(graph, blocked, bandwidth=1, scale=1)
    np.testing.assert_array_equal(flood(graph, kept, seeds), [0, 1, 2, -1, -1])
    reached = (
        diffuse(graph, similarities(graph, 1, 1), ones, seeds[:, None].astype(np.float32), steps=2)[
            :, 0
        ]
        > 0
    )
    np.testing.assert_array_equal(reached, [True, True, True, False, False])


def test_a_seed_that_does_not_look_like_the_object_is_dropped():
    seeds = np.zeros(N, bool)
    seeds[4] = True
    low = P.copy()
    low[4] = 0.01
    assert (
        flood(GRAPH, kept_edges(GRAPH, low, bandwidth=9, scale=1, threshold=0.03), seeds) == -1
    ).all()


def test_published_flood():
    """Their iteration on the binarized, symmetrized matrix reaches what ours reaches."""
    distances = np.linalg.norm(unit(FEATURES)[:, None] - unit(FEATURES)[NEIGHBORS], axis=2).astype(
        np.float32
    )
    graph, kept = release_edges(NEIGHBORS, distances, P, bandwidth=1.0, scale=0.5, cut=0.01)
    weights = np.exp(-(distances**2) / 0.25) * np.sqrt(P[:, None] * P[NEIGHBORS])
    binary = weights / np.sqrt(weights.sum(1, keepdims=True) * weights.sum(0)) > 0.01
    A = np.zeros((N, N))
    for i in range(N):
        A[i, NEIGHBORS[i]] = binary[i]
    A = A + A.T
    assert 0 < (A > 0).sum() < (dense(GRAPH, GRAPH.direction) > 0).sum()
    seeds = np.zeros(N, bool)
    seeds[[2, 30]] = True
    f = seeds.astype(float)
    for _ in range(100):
        f = A @ (f / max(np.linalg.norm(f), 1e-300))
    np.testing.assert_array_equal(flood(graph, kept, seeds) >= 0, f > 0)


def test_edge_distances_do_not_depend_on_chunks():
    np.testing.assert_allclose(edge_distances(GRAPH, unit(FEATURES)), GRAPH.distances, atol=1e-6)
