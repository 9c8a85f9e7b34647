"""Holes of pictures are filled with what is around them."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.removal.inpaint import patches
from ludvig_engine.removal.smooth import continued


def board(height=96, width=112, check=8):
    y, x = np.mgrid[:height, :width]
    dark = ((y // check + x // check) % 2)[..., None] > 0
    return np.where(dark, [0.2, 0.3, 0.6], [0.8, 0.7, 0.6]).astype(np.float32), x


HOLE = np.zeros((96, 112), bool)
HOLE[35:62, 40:75] = True


def test_checks_go_on():
    image, _ = board()
    found = patches(np.where(HOLE[..., None], 0, image), HOLE)
    assert np.abs(found - image)[HOLE].mean() < 0.03
    assert (found[~HOLE] == image[~HOLE]).all()


def test_checks_go_on_under_a_shade():
    image, x = board()
    shaded = image * (1 - 0.4 * x / x.max())[..., None].astype(np.float32)
    found = patches(np.where(HOLE[..., None], 0, shaded), HOLE)
    assert np.abs(found - shaded)[HOLE].mean() < 0.05


def test_what_shows_nothing_says_nothing():
    image, _ = board()
    void = np.zeros_like(HOLE)
    void[:, :45] = True
    given = np.where(void[..., None], np.nan, image)
    found = patches(given, HOLE & ~void)
    assert np.isfinite(found).all()
    assert np.abs(found - image)[HOLE & ~void].mean() < 0.08


@pytest.mark.parametrize("size", [(5, 7), (20, 30)])
def test_small_pictures_are_filled_smoothly(size):
    image = np.full((*size, 3), 0.3, np.float32)
    mask = np.zeros(size, bool)
    mask[2:4, 2:5] = True
    assert patches(image, mask) == pytest.approx(image, abs=1e-3)


def test_constants_and_ramps_are_continued():
    y, x = np.mgrid[:40, :50].astype(np.float32)
    known = np.ones((40, 50), np.float32)
    known[10:25, 15:35] = 0
    values = np.stack([np.full_like(x, 2), x / 50, y / 40], 2)
    found = continued(values, known)
    assert found[..., 0] == pytest.approx(2 + 0 * x, abs=1e-4)
    assert np.abs(found - values).max() < 0.15
    assert (found[known > 0] == values[known > 0]).all()
    assert (continued(values, np.zeros((40, 50), np.float32)) == 0).all()
