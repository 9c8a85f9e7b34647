"""Which of the cells where a surface is missing are a hole in it."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.removal.hole import tidied

SIZE = 40
ROW, COLUMN = np.mgrid[:SIZE, :SIZE]
DISC = (ROW - 20) ** 2 + (COLUMN - 20) ** 2 < 64
NONE = np.zeros((SIZE, SIZE), int)


def found(*, surface, empty=NONE > 0, above=NONE, below=NONE, mask=DISC):
    return tidied(mask, empty, np.where(surface, 1, 0).astype(np.float32), above, below)


def test_a_hole_in_a_surface_is_one():
    assert (found(surface=~DISC) & DISC).sum() > 0.9 * DISC.sum()
    assert not found(surface=~DISC)[~DISC].any()


@pytest.mark.parametrize("half, kept", [("hidden", True), ("empty", False)])
def test_what_is_known_about_the_rim_decides(half, kept):
    """The surface is on a quarter of the rim; the rest is hidden by other things, or empty."""
    quarter = ~DISC & (ROW < 20) & (COLUMN < 20)
    empty = ~DISC & ~quarter if half == "empty" else NONE > 0
    assert found(surface=quarter, empty=empty).any() == kept


@pytest.mark.parametrize("under, kept", [(0.0, True), (0.05, True), (0.3, False)])
def test_no_surface_goes_on_where_the_object_goes_through_it(under, kept):
    above = np.where(DISC, 100, 0)
    assert found(surface=~DISC, above=above, below=(above * under).astype(int)).any() == kept


def test_a_surface_with_pores_is_one():
    pores = np.random.default_rng(0).random((SIZE, SIZE)) < 0.2
    alpha = np.where(DISC, 0, np.where(pores, 0.6, 1)).astype(np.float32)
    assert (tidied(DISC, NONE > 0, alpha, NONE, NONE) & DISC).sum() > 0.9 * DISC.sum()


def test_specks_are_none():
    specks = NONE > 0
    specks[::9, ::9] = True
    assert not found(surface=~specks, mask=specks).any()
