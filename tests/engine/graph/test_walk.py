"""The random walk with restart is the minimizer of its energy."""

from __future__ import annotations

import numpy as np

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.walk import Walk

RNG = np.random.default_rng(3)
GRAPH = build(nearest(RNG.normal(size=(80, 3)), 6)).with_features(RNG.normal(size=(80, 3)))
WALK = Walk.on(GRAPH, 2.0)
Y, T, P = (RNG.random(80).astype(np.float32) for _ in range(3))


def dense() -> np.ndarray:
    columns = [WALK.step(column) for column in np.eye(80, dtype=np.float32)]
    return np.stack(columns, 1)


def test_matrix_is_symmetric_without_self_edges():
    A = dense()
    np.testing.assert_allclose(A, A.T, atol=1e-6)
    assert (np.diag(A) == 0).all() and (A >= 0).all()
    np.testing.assert_allclose(A.sum(1), WALK.degree, rtol=1e-5)


def test_solution_is_the_minimum():
    A, prior = dense().astype(float), 0.2
    laplacian = np.diag(A.sum(1)) - A
    expected = np.linalg.solve(np.diag(T) + prior * np.eye(80) + laplacian, T * Y + prior * P)
    got = WALK.solve(Y, T, P, prior=prior, tolerance=1e-6)
    np.testing.assert_allclose(got, expected, atol=1e-4)

    def energy(s):
        return (T * (s - Y) ** 2).sum() + prior * ((s - P) ** 2).sum() + s @ laplacian @ s

    for _ in range(20):
        assert energy(expected + 0.01 * RNG.normal(size=80)) > energy(expected)


def test_scores_stay_in_bounds_and_answer_the_opposite_question_with_the_opposite():
    got, opposite = WALK.solve(Y, T, P, prior=0.1), WALK.solve(1 - Y, T, 1 - P, prior=0.1)
    assert got.min() >= 0 and got.max() <= 1
    np.testing.assert_allclose(got + opposite, 1, atol=0.02)


def test_start_changes_nothing_but_the_way():
    start = RNG.random(80).astype(np.float32)
    got = [WALK.solve(Y, T, P, prior=0.1, start=s, tolerance=1e-6) for s in (None, start)]
    np.testing.assert_allclose(*got, atol=1e-4)


def test_no_prompts_leave_the_prior():
    constant = np.full(80, 0.3, np.float32)
    np.testing.assert_allclose(
        WALK.solve(Y, np.zeros(80, np.float32), constant, prior=0.1), 0.3, atol=1e-5
    )
