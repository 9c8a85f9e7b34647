"""The random walk with restart is the minimizer of its energy."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.graph import walk as walk_module
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


@pytest.fixture
def plane():
    """A wide walk, in which what a few Gaussians say does not get far."""
    points = np.random.default_rng(1).random((20_000, 3)) * (1, 1, 0)
    graph = build(nearest(points, 8)).with_features(np.ones((20_000, 2), np.float32))
    return Walk.on(graph, 2.0), points


@pytest.fixture
def solved(monkeypatch):
    """How many Gaussians each system that is solved has."""
    monkeypatch.setattr(walk_module, "LARGE", 1000)
    original, sizes = walk_module._solved, []

    def counted(step, total, *rest):
        sizes.append(len(total))
        return original(step, total, *rest)

    monkeypatch.setattr(walk_module, "_solved", counted)
    return sizes


def stroke(points: np.ndarray, radius: float) -> np.ndarray:
    return (np.hypot(*(points[:, :2] - 0.5).T) < radius).astype(np.float32)


@pytest.mark.parametrize("steps", [8, 200])
def test_a_small_stroke_is_solved_where_it_is(plane, solved, monkeypatch, steps):
    walk, points = plane
    here, none = stroke(points, 0.02), np.zeros(len(points), np.float32)
    near = walk.solve(here, here, none, prior=5.0, steps=steps)
    assert solved and max(solved) < len(points) / 8
    rounds = len(solved)
    monkeypatch.setattr(walk_module, "LARGE", len(points) + 1)
    whole = walk.solve(here, here, none, prior=5.0, steps=steps)
    assert solved[rounds:] == [len(points)]
    assert 0.05 < whole.max() < 1 and ((whole > 0.01) > here).any()
    np.testing.assert_allclose(near, whole, atol=2e-3)


def test_what_changes_everywhere_is_solved_everywhere(plane, solved):
    walk, points = plane
    y, none = np.sin(9 * points[:, 0]).astype(np.float32) ** 2, np.zeros(len(points), np.float32)
    walk.solve(y, none + 1, none, prior=0.5)
    assert solved == [len(points)]


def test_limited_steps_are_not_exceeded(plane, solved, monkeypatch):
    walk, points = plane
    made = []
    original = walk_module._solved
    monkeypatch.setattr(walk_module, "_solved", lambda *a: made.append(original(*a)) or made[-1])
    here, none = stroke(points, 0.03), np.zeros(len(points), np.float32)
    walk.solve(here, here, none, prior=0.01, steps=5)
    assert sum(count for _, count in made) == 5


def test_nothing_said_is_nothing(plane):
    none = np.zeros(20_000, np.float32)
    assert not plane[0].solve(none, none, none, prior=0.1, start=none + 1).any()
