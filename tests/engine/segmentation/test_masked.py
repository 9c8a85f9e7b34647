"""What a SAM's masks say of regions: by hand, as laws, and in a division."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.segmentation.automatic import divide
from ludvig_engine.segmentation.masked import Masked
from planted_things import FLOOR, things_on_a_floor


def random_masks(regions=7, masks=9, views=3, seed=0):
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 50, (regions, views)).astype(float)
    view = rng.integers(0, views, masks)
    held = np.floor(shown[:, view] * rng.random((regions, masks)))
    return Masked(held, shown, view)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([[10, 0], [10, 0]], 1.0),  # in one mask
        ([[10, 0], [0, 10]], 0.0),  # in a mask each
        ([[10, 0], [0, 0]], 0.0),  # a mask that leaves one out
        ([[0, 0], [0, 0]], 0.5),  # no mask
        ([[10, 10], [10, 0]], 0.5),  # one together, and one of a part
    ],
)
def test_two_regions_in_one_view(held, expected):
    masks = Masked(np.array(held, float), np.full((2, 1), 10.0), np.zeros(2, int))
    assert masks.together(np.array([0]), np.array([1]))[0] == pytest.approx(expected)


def test_a_view_that_shows_only_one_of_them_says_nothing():
    masks = Masked(np.array([[10, 9.0], [10, 0]]), np.array([[10, 10.0], [10, 0]]), np.arange(2))
    assert masks.together(np.array([0]), np.array([1]))[0] == pytest.approx(1)


def test_the_order_of_a_pair_changes_nothing():
    masks = random_masks()
    a, b = (side.ravel() for side in np.meshgrid(np.arange(7), np.arange(7)))
    np.testing.assert_allclose(masks.together(a, b), masks.together(b, a), rtol=1e-12)


def test_many_pairs_at_once_are_as_one_by_one(monkeypatch):
    masks = random_masks()
    a, b = (side.ravel() for side in np.meshgrid(np.arange(7), np.arange(7)))
    expected = masks.together(a, b)
    monkeypatch.setattr("ludvig_engine.segmentation.masked.PAIRS", 4)
    np.testing.assert_array_equal(masks.together(a, b), expected)


def test_merging_adds_pixels():
    masks, into = random_masks(), np.array([0, 1, 0, 2, 2, 1, 0])
    merged = masks.merged(into, 3)
    for region in range(3):
        np.testing.assert_allclose(merged.held[region], masks.held[into == region].sum(0))
        np.testing.assert_allclose(merged.shown[region], masks.shown[into == region].sum(0))


def masks_of(truth):
    """A SAM that sees a mask of each thing, in one view that shows all splats."""

    def look(labels):
        held = np.zeros((labels.max() + 1, truth.max() + 1))
        np.add.at(held, (labels, truth), 1)
        return Masked(held, held.sum(1, keepdims=True), np.zeros(held.shape[1], int))

    return look


def overlap(labels, own):
    """The IoU of a thing with its best segment."""
    seen = labels >= 0
    return max(
        ((own & (labels == label)).sum() / ((own & seen) | (labels == label)).sum())
        for label in range(labels.max() + 1)
    )


def lowest(hierarchy, things):
    """The lowest detail at which all things have a segment of their own; inf: none."""
    for detail in np.linspace(0, 1, 41):
        labels, _ = hierarchy.cut(detail)
        if all(overlap(labels, own) > 0.9 for own in things):
            return detail
    return np.inf


@pytest.mark.parametrize("views", [True, False])
def test_masks_part_what_looks_alike(views):
    """The first two balls touch and are of one color."""
    prepared, truth = things_on_a_floor(views=views)
    things = [truth == thing for thing in range(FLOOR + 1)]
    masked = divide(prepared, look=masks_of(truth))
    assert lowest(masked, things) < min(lowest(divide(prepared), things), 0.9)


def test_masks_hold_together_what_looks_different():
    """A SAM for which the third ball and the floor, of two colors, are one thing."""
    prepared, truth = things_on_a_floor(views=True)
    both = truth >= FLOOR - 1

    def highest(hierarchy):
        """The highest detail at which the two are one segment."""
        details = np.linspace(0, 1, 41)
        return max((d for d in details if overlap(hierarchy.cut(d)[0], both) > 0.9), default=-1)

    masked = divide(prepared, look=masks_of(np.minimum(truth, FLOOR - 1)))
    assert highest(masked) > max(highest(divide(prepared)), 0)
