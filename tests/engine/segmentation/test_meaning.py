"""Which of the nested groups around a stroke it means (segmentation/meaning.py)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import label

import small_scene
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation.meaning import Meaning
from ludvig_engine.segmentation.painting import click
from ludvig_engine.segmentation.picture import Picture
from ludvig_engine.segmentation.segment import segment
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS


def meaning(*, pixels, depth, lasts=None, mass=None, hidden=1.0):
    """Groups 1, 2, ... of nested superpoints, that change so many pixels each."""
    count = len(pixels)
    return Meaning(
        [np.arange(count) <= n for n in range(count)],
        np.array(depth, float),
        np.array(pixels, float),
        np.array(pixels, float) / 1e5 if mass is None else np.array(mass, float),
        np.ones(count) if lasts is None else np.array(lasts, float),
        np.full(count, hidden),
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


@pytest.mark.parametrize("limit, taken", [(2.9, False), (3.1, True), (np.inf, True)])
def test_a_sliver_of_what_is_mostly_out_of_sight_means_no_group(limit, taken):
    found = meaning(pixels=[100], depth=[1], hidden=3.0)
    assert (found.clear(DEFAULT_SETTINGS, hidden=limit) is not None) == taken


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


def pictured(rows, x, y):
    """A picture in which `#` shows splats, at a prompt."""
    shows = np.array([list(row) for row in rows]) == "#"
    return Picture(np.where(shows, 0, np.inf).astype(np.float32), shows, x, y)


ISLAND = ["......", ".###..", ".###.#", "......"]


@pytest.mark.parametrize(
    "rows, x, y, alone",
    [
        (ISLAND, 2, 1, True),
        (ISLAND, 5, 2, False),  # goes on beyond the picture
        (ISLAND, 4, 1, False),  # beside all splats
        (["####", "####"], 1, 1, False),
        (["#...", ".##.", "...."], 1, 1, True),  # what is elsewhere does not count
        (["....", ".##.", ".##."], 1, 1, False),
    ],
)
def test_a_thing_is_alone_if_it_ends_within_the_picture(rows, x, y, alone):
    assert pictured(rows, x, y).alone == alone


def test_only_the_part_that_holds_the_prompt_has_depth_and_size():
    picture = pictured(["#....", "...##", "...##"], 0, 0)
    assert picture.depth(picture.selected) == (1.0, 1.0)
    picture = replace(picture, x=3, y=1)
    assert picture.depth(picture.selected) == (1.0, 4.0)
    depth, size = replace(picture, x=2).depth(picture.selected)
    assert depth < 0.1 and size == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_depth_is_the_distance_from_the_border_by_brute_force(share):
    """The deepest pixel is 1, and the border of the picture is one, too."""
    rng = np.random.default_rng(int(10 * share))
    region = np.zeros((9, 12), bool)
    region[2:7, 1:12] = rng.random((5, 11)) < share
    region[4, 6] = True
    numbers, _ = label(region)
    part = numbers == numbers[4, 6]
    around = np.argwhere(~np.pad(part, 1)) - 1
    distance = {tuple(at): np.hypot(*(around - at).T).min() for at in np.argwhere(part)}
    found, size = pictured(np.where(region, "#", "."), 6, 4).depth(region)
    assert size == part.sum()
    assert found == pytest.approx(distance[4, 6] / max(distance.values()))


@pytest.mark.parametrize("name", small_scene.BALLS)
def test_a_click_on_a_thing_that_is_all_of_the_scene_may_mean_all_of_it(tmp_path, name):
    """As when an object has been separated, and is looked for again."""
    folder = small_scene.write(tmp_path)
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    ball = scene.from_file(np.load(folder / "names.npy") == name)
    alone = prepare(replace(scene, gaussians=scene.gaussians.take(ball)), load_extractor("colour"))
    camera = scene.views[1].camera
    found = segment(alone, [click(camera, *small_scene.center_of(name, 1), positive=True)])
    ways = [found.selected]
    if found.readings is not None:
        ways = [found.readings.of(step) for step in found.readings.steps]
    assert max(way.mean() for way in ways) > 0.95
