"""From which pictures a first answer is made."""

from __future__ import annotations

import itertools

import pytest

from ludvig_engine.planning import early
from ludvig_engine.planning.early import early_views
from ludvig_engine.scene import View
from scenes import look_at

CAMERA = look_at((3, 0, 1))
MANY = 2_000_000


def views(count, *, photo="photo.jpg"):
    return [View(f"{n:04}", CAMERA, photo=photo) for n in range(count)]


def names(found):
    return [view.name for view in found]


@pytest.mark.parametrize(
    ("count", "read"), [(16, early.FEWEST), (32, 8), (40, 10), (400, 100), (4000, 1000)]
)
def test_one_picture_in_so_many_but_not_too_few(count, read):
    found = early_views(views(count), MANY, model=False)
    assert len(found) == read == len(set(names(found)))
    assert names(found) == sorted(names(found))
    places = [int(view.name) for view in found]
    assert places[0] == 0 and places[-1] == count - 1
    steps = [after - before for before, after in itertools.pairwise(places)]
    assert max(steps) - min(steps) <= 1


@pytest.mark.parametrize("count", [0, 1, 8, 15])
def test_few_pictures_are_all_read(count):
    assert early_views(views(count), MANY, model=True) is None


def test_what_is_soon_there_is_not_anticipated():
    some = views(50)
    assert early_views(some, early.SOON // 50 - 1, model=False) is None
    assert early_views(some, early.SOON // 50, model=False) is not None


def test_models_take_seconds_on_the_smallest_scene():
    assert early_views(views(50), 10, model=True) is not None


def test_views_without_a_picture_are_not_read():
    some = [*views(20, photo=None), *views(20)]
    found = early_views(some, MANY, model=False)
    assert len(found) == early.FEWEST and all(view.pictured for view in found)
