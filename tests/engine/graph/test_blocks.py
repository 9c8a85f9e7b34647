"""Superpoints of large scenes, which are made block by block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.graph import blocks
from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.superpoints import Segments, describe, grouped
from ludvig_engine.scene.gaussians import morton_order
from ludvig_engine.uplifting import Uplifted
from planted_octants import planted

FEW = 300


@pytest.fixture(scope="module")
def scene():
    prepared, truth = planted()
    order = morton_order(prepared.gaussians.means)
    means = prepared.gaussians.means[order]
    uplifted = Uplifted(*(array[order] for array in vars(prepared.uplifted).values()))
    graph = build(nearest(means, 16)).with_features(uplifted.features)
    return (graph, uplifted, means), truth[order]


def in_blocks(scene, monkeypatch, size):
    monkeypatch.setattr(blocks, "MOST", size)
    monkeypatch.setattr(blocks, "BLOCK", size)
    monkeypatch.setattr(blocks, "MEMBERS", 4)
    return blocks.superpoints(*scene[0], few=FEW)


def test_what_fits_into_a_block_is_grouped_at_once(scene):
    graph, uplifted, means = scene[0]
    expected, groups = grouped(Segments.of(graph, describe(graph, uplifted, means)), few=FEW)
    labels, found = blocks.superpoints(*scene[0], few=FEW)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(found.x, groups.x)


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_blocks_make_groups_of_one_thing(scene, monkeypatch, parts):
    count = len(scene[1])
    labels, groups = in_blocks(scene, monkeypatch, -(-count // parts))
    assert 50 < len(groups.x) <= FEW and labels.max() == len(groups.x) - 1
    np.testing.assert_array_equal(np.bincount(labels), groups.mass)
    right = sum(np.bincount(scene[1][labels == label]).max() for label in range(len(groups.x)))
    assert right > 0.97 * count


def test_groups_of_different_blocks_join(scene, monkeypatch):
    count = len(scene[1])
    labels, _ = in_blocks(scene, monkeypatch, -(-count // 2))
    half = -(-count // 2)
    assert set(labels[:half].tolist()) & set(labels[half:].tolist())


def test_means_are_those_of_the_members(scene, monkeypatch):
    """With everything seen, a block knows no less of a Gaussian than the whole does."""
    (graph, uplifted, means), truth = scene
    seen = replace(uplifted, weights=np.ones_like(uplifted.weights))
    labels, groups = in_blocks(((graph, seen, means), truth), monkeypatch, -(-len(means) // 3))
    channels = uplifted.features.shape[1]
    x = describe(graph, seen, means)[:, :channels]
    for label in range(0, len(groups.x), 10):
        mean = x[labels == label].mean(0)
        np.testing.assert_allclose(groups.x[label, :channels], mean, atol=1e-4)


def test_neighbors_are_groups_that_touch(scene, monkeypatch):
    graph = scene[0][0]
    labels, groups = in_blocks(scene, monkeypatch, -(-len(graph) // 3))
    rows = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
    a, b = labels[rows], labels[graph.indices]
    expected = {(int(x), int(y)) for x, y in zip(a, b, strict=True) if x < y}
    assert set(zip(groups.a.tolist(), groups.b.tolist(), strict=True)) == expected
