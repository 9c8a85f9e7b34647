"""Nested groups of superpoints: laws of the tree, and what lasts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ludvig_engine.segmentation.nesting import Nesting


def symmetric(count, edges):
    """A matrix with these values (a, b, value) on both sides."""
    a, b, value = (np.array(column) for column in zip(*edges, strict=True))
    both = (np.concatenate([value, value]), (np.concatenate([a, b]), np.concatenate([b, a])))
    return csr_matrix(both, shape=(count, count))


def nested(count, edges, *, contacts=None, sizes=None, compact=0.0):
    """The tree of superpoints whose contacts have these mean distances."""
    numbers = contacts or [1] * len(edges)
    sums = [(a, b, value * n) for (a, b, value), n in zip(edges, numbers, strict=True)]
    touching = [(a, b, float(n)) for (a, b, _), n in zip(edges, numbers, strict=True)]
    sizes = np.ones(count) if sizes is None else np.array(sizes, float)
    return Nesting.of(
        *(symmetric(count, sums), symmetric(count, touching), sizes, sizes), compact=compact
    )


@pytest.fixture
def random_tree():
    rng = np.random.default_rng(0)
    pairs = [(n, int(rng.integers(n))) for n in range(1, 40)]
    pairs += [(int(a), int(b)) for a, b in rng.integers(40, size=(60, 2)) if a != b]
    pairs = sorted({(min(p), max(p)) for p in pairs})
    edges = [(a, b, float(rng.uniform(0.1, 1))) for a, b in pairs]
    contacts = [int(n) for n in rng.integers(1, 9, len(edges))]
    return nested(40, edges, contacts=contacts, sizes=rng.integers(1, 20, 40), compact=0.3)


def members(tree, group):
    """Which superpoints a group has, by its parts."""
    if group < tree.count:
        return np.arange(tree.count) == group
    first, second = tree.pairs[group - tree.count]
    return members(tree, first) | members(tree, second)


def test_groups_are_nested_and_the_last_one_is_everything(random_tree):
    assert random_tree.count == 40 and len(random_tree.pairs) == 39
    for leaf in range(40):
        around = random_tree.around(leaf)
        before = np.zeros(40, bool)
        for group in around:
            inside = members(random_tree, group)
            assert inside[leaf] and (inside | ~before).all()
            assert random_tree.mass[group] == pytest.approx(random_tree.mass[:40][inside].sum())
            before = inside
        assert before.all()


def test_two_groups_that_merge_share_nothing(random_tree):
    for first, second in random_tree.pairs:
        assert not (members(random_tree, first) & members(random_tree, second)).any()


def test_a_superpoint_has_the_rank_of_the_first_group_that_holds_it(random_tree):
    for leaf in range(40):
        around = random_tree.around(leaf)
        for groups in around, around[1::2], around[:3]:
            ranks = random_tree.ranks(groups)
            for number, group in enumerate(groups):
                np.testing.assert_array_equal(ranks <= number, members(random_tree, group))


def test_ranks_where_some_touch_nothing():
    apart = nested(3, [(0, 1, 0.5)])
    np.testing.assert_array_equal(apart.ranks(apart.around(0)), [0, 1, 2])
    np.testing.assert_array_equal(apart.ranks(apart.around(2)), [1, 1, 0])


def test_the_weakest_border_goes_first():
    tree = nested(4, [(0, 1, 0.1), (1, 2, 0.9), (2, 3, 0.2)])
    assert tree.pairs.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert tree.heights[4:].tolist() == pytest.approx([0.1, 0.2, 0.9])


def test_a_border_is_the_mean_of_all_its_edges():
    """Two superpoints that merge share their borders: 0.2 by one edge, 0.8 by three."""
    tree = nested(3, [(0, 1, 0.1), (0, 2, 0.2), (1, 2, 0.8)], contacts=[1, 1, 3])
    assert tree.pairs.tolist()[0] == [0, 1]
    assert tree.heights[4] == pytest.approx((0.2 + 3 * 0.8) / 4)


def test_what_touches_along_much_of_itself_goes_first():
    edges = [(0, 1, 0.5), (1, 2, 0.5)]
    sizes, contacts = [100, 100, 8], [4, 4]
    assert nested(3, edges, sizes=sizes, contacts=contacts, compact=0.3).pairs[0].tolist() == [1, 2]


def test_what_does_not_touch_is_never_one():
    tree = nested(4, [(0, 1, 0.1), (2, 3, 0.1)])
    assert len(tree.pairs) == 2
    assert tree.around(0).tolist() == [0, 4] and tree.around(3).tolist() == [3, 5]


def test_a_group_lasts_as_long_as_its_merge_is_dearer_than_those_that_made_it():
    tree = nested(3, [(0, 1, 0.1), (1, 2, 1.0)])
    usual = np.median(tree.heights[3:])
    superpoint, pair, everything = tree.lasts(tree.around(0))
    assert superpoint == pytest.approx(np.log((0.1 + usual) / usual))
    assert pair == pytest.approx(np.log((1 + usual) / (0.1 + usual))) and pair > superpoint
    assert everything == 0


def test_what_touches_nothing_else_lasts_as_long_as_anything():
    tree = nested(4, [(0, 1, 0.1), (2, 3, 0.9)])
    assert tree.lasts(tree.around(0))[-1] == max(tree.lasts(tree.around(n))[-1] for n in range(4))
    assert tree.lasts(tree.around(0))[-1] > 0


def test_no_group_lasts_less_than_not_at_all(random_tree):
    """Also where merges become cheaper on the way up."""
    for superpoint in range(random_tree.count):
        lasts = random_tree.lasts(random_tree.around(superpoint))
        assert (lasts >= 0).all() and np.isfinite(lasts).all()
