"""Laws of the tree that sums over views are added in: rendering/tree.py."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from ludvig_engine.rendering import Sight, cpu_lift, lift, residual
from ludvig_engine.rendering.tree import FAN, Tree, highest, nodes
from scenes import look_at, random_gaussians

COUNTS = [1, 2, 7, 8, 9, 15, 16, 63, 64, 65, 100, 511, 512, 513, 600]


def rounding(count, seed=0):
    """Numbers whose sum depends on the order of the additions."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 5)) * 10.0 ** rng.uniform(-3, 3, (count, 1))).astype("f4")


def by_hand(values):
    """The sum of a node's children from left to right, level by level."""
    while len(values) > 1:
        groups = [values[n : n + FAN] for n in range(0, len(values), FAN)]
        values = [list(accumulate(group))[-1] for group in groups]
    return values[0]


def total(values):
    tree = Tree()
    for value in values:
        tree.add([value.copy()])
    return tree.total()[0]


@pytest.mark.parametrize("count", COUNTS)
def test_the_sum_is_that_of_the_tree_by_brute_force(count):
    values = rounding(count)
    np.testing.assert_array_equal(total(values), by_hand(list(values)))
    exact = values.astype(np.float64).sum(0)
    np.testing.assert_allclose(total(values), exact, rtol=1e-5, atol=1e-2)


def test_the_order_of_plain_sums_would_matter():
    """Else the tests above and below could not fail."""
    values = rounding(600)
    assert (total(values) != list(accumulate(values))[-1]).any()
    assert (total(values) != total(values[::-1])).any()


@pytest.mark.parametrize("count", [9, 64, 65, 600])
@pytest.mark.parametrize("level", [1, 2])
def test_any_node_may_be_added_up_by_itself(count, level):
    values = rounding(count)
    parts = [total(values[n : n + FAN**level]) for n in range(0, count, FAN**level)]
    np.testing.assert_array_equal(total(parts), total(values))


def test_sums_wait_for_their_neighbors_once_per_level():
    tree, most = Tree(), 0
    for value in rounding(513):
        tree.add([value])
        most = max(most, sum(one is not None for one in tree._sums))
    assert most == 3


def test_nothing_has_no_sum():
    tree = Tree()
    with pytest.raises(ValueError, match="nothing"):
        tree.total()
    tree.add([np.ones(1)])
    assert tree.total() == [np.ones(1)]
    with pytest.raises(ValueError, match="nothing"):
        tree.total()


@pytest.mark.parametrize("views", COUNTS)
def test_the_nodes_of_every_level_hold_each_view_once(views):
    for level in range(4):
        every = nodes(views, level)
        assert [n for node in every for n in node] == list(range(views))
        assert all(len(node) == FAN ** (level + 1) for node in every[:-1])


def test_the_highest_level_with_enough_nodes():
    assert highest(600, 1) == 3 and len(nodes(600, 3)) == 1
    assert highest(600, 2) == 2 and len(nodes(600, 2)) == 2
    assert highest(600, 10) == 1 and highest(600, 11) == 0 and highest(600, 1000) == 0
    assert highest(5, 1) == 0


# 19 views are three blocks, the last of which is not full.
VIEWS = 19
GAUSSIANS = random_gaussians(200, 3)


@pytest.fixture(scope="module", params=[(5, 7), (43, 61)], ids=["cells", "pixels"])
def sights(request):
    rng = np.random.default_rng(2)
    angles = np.arange(VIEWS) / 3
    cameras = [look_at((3 * np.cos(a), 3 * np.sin(a), 0.7)) for a in angles]
    return [Sight(c, rng.normal(size=(4, *request.param)).astype("f4")) for c in cameras]


def test_views_are_added_as_the_tree_says(sights):
    whole = lift(GAUSSIANS, sights)
    tree = Tree()
    for node in nodes(VIEWS):
        part = lift(GAUSSIANS, sights[node.start : node.stop])
        tree.add([part.features, part.weights, part.squares])
    for mine, its in zip(tree.total(), vars(whole).values(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_so_are_residuals(sights):
    features = random_gaussians(200, 4).means[:, [0, 1, 2, 0]].copy()
    whole, tree = residual(GAUSSIANS, sights, features), Tree()
    for node in nodes(VIEWS):
        tree.add([residual(GAUSSIANS, sights[node.start : node.stop], features)])
    np.testing.assert_array_equal(tree.total()[0], whole)


def test_threads_do_not_change_a_bit(sights, monkeypatch):
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("LUDVIG_THREADS", threads)
        found.append(lift(GAUSSIANS, sights))
    for one, other in zip(vars(found[0]).values(), vars(found[1]).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_nor_does_how_many_views_memory_allows_at_a_time(sights, monkeypatch):
    monkeypatch.setenv("LUDVIG_THREADS", "4")
    found = []
    for memory, views in ((1 << 40, 4), (4 * 2 * cpu_lift.BESIDE * len(GAUSSIANS), 2), (1, 1)):
        monkeypatch.setattr(cpu_lift, "total_memory", lambda memory=memory: memory)
        assert cpu_lift.views_at_once(len(GAUSSIANS)) == views
        found.append(cpu_lift.lift(GAUSSIANS, sights))
    for other in found[1:]:
        for mine, its in zip(vars(found[0]).values(), vars(other).values(), strict=True):
            np.testing.assert_array_equal(mine, its)
