"""Superpoints keep what they are made of: masses, means, edges, energies."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.graph.contraction import contracted
from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.superpoints import Segments, describe, grouped
from ludvig_engine.uplifting import Uplifted
from planted_octants import everyone, planted


def test_groups_keep_means_and_masses():
    rng = np.random.default_rng(1)
    segments = everyone(
        rng.normal(size=(60, 2)).astype(np.float32), rng.uniform(0.1, 3, 60).astype(np.float32)
    )
    labels, groups = grouped(segments, few=15)
    assert len(groups.x) <= 30 and labels.max() == len(groups.x) - 1
    for label in range(len(groups.x)):
        rows = labels == label
        assert groups.mass[label] == pytest.approx(segments.mass[rows].sum(), rel=1e-5)
        mean = np.average(segments.x[rows], axis=0, weights=segments.mass[rows])
        np.testing.assert_allclose(groups.x[label], mean, atol=1e-5)
    assert (groups.a < groups.b).all()
    assert len(set(zip(groups.a.tolist(), groups.b.tolist(), strict=True))) == len(groups.a)


def test_groups_are_of_one_thing():
    prepared, truth = planted()
    x = describe(prepared.graph, prepared.uplifted, prepared.gaussians.means)
    labels, groups = grouped(Segments.of(prepared.graph, x), few=300)
    assert 50 < len(groups.x) <= 300
    right = sum(np.bincount(truth[labels == label]).max() for label in range(len(groups.x)))
    assert right > 0.97 * len(truth)


def test_contraction_keeps_the_energy_of_scores_that_are_constant_in_groups():
    rng = np.random.default_rng(0)
    graph = build(nearest(rng.normal(size=(200, 3)).astype(np.float32), 6))
    values = rng.random(len(graph.indices)).astype(np.float32)
    full = graph.matrix(values)
    values = ((full + full.T) / 2).tocsr()
    values.sort_indices()
    labels = rng.integers(0, 20, 200).astype(np.int32)
    scores = rng.random(20)

    def energy(matrix, s):
        m = matrix.tocoo()
        return float((m.data * (s[m.row] - s[m.col]) ** 2).sum())

    small = contracted(graph, values.data, labels)
    assert energy(small, scores) == pytest.approx(energy(values, scores[labels]), rel=1e-5)
    assert small.diagonal().sum() == 0 and small.shape == (20, 20)


def test_position_counts_less_than_features_and_distance_is_bounded():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 3)).astype(np.float32)
    points[0] = 1e6
    features = rng.normal(size=(300, 8)).astype(np.float32)
    uplifted = Uplifted(features, np.ones(300, np.float32), np.ones(300, np.float32))
    x = describe(build(nearest(points, 5)), uplifted, points)
    assert x.shape == (300, 11) and np.isfinite(x).all()
    assert x[:, 8:].var(0).sum() == pytest.approx(0.25 * x[:, :8].var(0).sum(), rel=0.05)
    assert np.abs(x[0, 8:]).max() < 3 * np.abs(x[1:, 8:]).max()
