"""Which of the nested groups around a stroke it means (segmentation/meaning.py)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.segmentation.meaning import Meaning
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS


def meaning(*, pixels, depth, lasts=None, mass=None):
    """Groups 1, 2, ... of nested superpoints, that change so many pixels each."""
    count = len(pixels)
    return Meaning(
        [np.arange(count) <= n for n in range(count)],
        np.array(depth, float),
        np.array(pixels, float),
        np.array(pixels, float) / 1e5 if mass is None else np.array(mass, float),
        np.ones(count) if lasts is None else np.array(lasts, float),
    )


def taken(found):
    group = found.clear(DEFAULT_SETTINGS)
    return None if group is None else int(group.sum()) - 1


def test_the_group_in_whose_middle_the_stroke_is():
    pixels = [10, 100, 1000, 10000]
    for middle in range(4):
        depth = np.full(4, 0.6)
        depth[middle] = 1
        assert taken(meaning(pixels=pixels, depth=depth)) == middle


def test_of_groups_that_it_is_as_deep_in_the_one_that_lasts():
    pixels = [10, 100, 1000]
    for longest in range(3):
        lasts = np.full(3, 0.1)
        lasts[longest] = 2
        assert taken(meaning(pixels=pixels, depth=[0.9] * 3, lasts=lasts)) == longest


def test_many_groups_that_are_nearly_the_same_outweigh_one_that_is_another():
    """Each of the five is less likely than the small one, and all mean the same."""
    found = meaning(
        pixels=[50, 1000, 1010, 1020, 1030, 1040], depth=[1] * 6, lasts=[1.2, 1, 1, 1, 1, 1]
    )
    assert taken(found) >= 1


def test_a_correction_that_is_in_the_middle_of_nothing_means_no_group():
    assert taken(meaning(pixels=[10, 1000], depth=[0.2, 0.3])) is None
    assert taken(meaning(pixels=[], depth=[])) is None


def test_a_first_stroke_means_rather_what_is_as_large_as_things_are():
    usual = DEFAULT_SETTINGS.usual
    found = meaning(pixels=[10, 1000], depth=[1, 1], mass=[usual / 1000, usual])
    usually = found.usual(DEFAULT_SETTINGS)
    assert usually[1] == 0 and usually[0] < -1
    assert found.expected(DEFAULT_SETTINGS, usually).argmax() == 1
    one, other = found.expected(DEFAULT_SETTINGS)
    assert one == pytest.approx(other, rel=0.01)


def test_where_clicks_are_put_anywhere_the_middle_says_nothing():
    anywhere = replace(DEFAULT_SETTINGS, careful=0.0)
    found = meaning(pixels=[10, 1000], depth=[1, 0.1], lasts=[1, 1.5])
    assert found.expected(DEFAULT_SETTINGS).argmax() == 0
    assert found.expected(anywhere).argmax() == 1
