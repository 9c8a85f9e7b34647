"""What is seen of nested groups labels them, and through them what is not seen."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ludvig_engine.segmentation.labeling import apart_by_cost, labeled
from ludvig_engine.segmentation.nesting import Nesting
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS


def chain(distances):
    """The nested groups of superpoints in a row, of which each touches the next."""
    count = len(distances) + 1
    rows = np.arange(count - 1)

    def both(values):
        one = csr_matrix((np.asarray(values, float), (rows, rows + 1)), shape=(count, count))
        return (one + one.T).tocsr()

    sizes = np.full(count, 10.0)
    return Nesting.of(both(distances), both(np.ones(count - 1)), sizes, sizes, compact=0.3)


def seen(count, **known):
    """Clear Gaussians of each superpoint: all others are not seen."""
    values = np.zeros(count, np.float32)
    for name, value in known.items():
        values[int(name[1:])] = value
    return values


def found(nesting, inside, outside, settings=DEFAULT_SETTINGS):
    """How likely each superpoint is the object."""
    apart = apart_by_cost(nesting, settings.border)
    return labeled(nesting.pairs, apart, inside, outside, settings=settings)


# Two things of four superpoints, and one more that is far from both.
TWO = chain([0.1, 0.1, 0.1, 5.0, 0.1, 0.1, 0.1, 20.0])


@pytest.mark.parametrize("at", range(4))
def test_what_is_not_seen_follows_the_group_that_is(at):
    likely = found(TWO, seen(9, **{f"_{at}": 10}), seen(9, _5=10))
    assert (likely[:4] > 0.9).all() and (likely[4:8] < 0.1).all()


def test_what_nothing_is_known_of_is_not_the_object():
    likely = found(TWO, seen(9, _1=10), seen(9))
    assert (likely[:4] > 0.9).all() and (likely[4:] <= 0.5).all()


def test_a_border_through_a_group_divides_it():
    inside, outside = seen(9, _0=10, _1=10), seen(9, _2=10, _3=10, _5=10)
    likely = found(TWO, inside, outside)
    assert (likely[:2] > 0.9).all() and (likely[2:8] < 0.1).all()


def test_a_few_wrong_pixels_do_not_divide_a_group():
    inside, outside = seen(9, _0=10, _1=10, _3=10), seen(9, _2=1, _5=10)
    likely = found(TWO, inside, outside)
    assert (likely[:4] > 0.9).all()
    outside[2] = 10
    likely = found(TWO, inside, outside)
    assert likely[2] < 0.1 and (likely[[0, 1, 3]] > 0.9).all()


def test_the_most_that_merges_cost_tells_things_from_parts():
    known = seen(9, _0=10), seen(9)
    together = found(TWO, *known, replace(DEFAULT_SETTINGS, border=1e6))
    assert (together[:8] > 0.9).all()
    apart = found(TWO, *known, replace(DEFAULT_SETTINGS, border=1e-6))
    assert apart[0] > 0.9 and (apart[1:] < 0.5).all()


def test_one_superpoint_and_none_that_touch():
    alone = Nesting.of(csr_matrix((1, 1)), csr_matrix((1, 1)), np.ones(1), np.ones(1), compact=0.3)
    for inside, outside in ((3.0, 0.0), (0.0, 3.0)):
        values = np.array([inside]), np.array([outside])
        (likely,) = found(alone, *values)
        assert (likely > 0.5) == (inside > outside)


def test_evidence_of_any_amount_stays_a_likelihood():
    many = np.full(9, 1e6, np.float32)
    likely = found(TWO, many, many[::-1] * 0.5)
    assert np.isfinite(likely).all() and likely.min() >= 0 and likely.max() <= 1
