"""Clicks and boxes by way of a SAM: its masks are the readings, and clicks hold whatever it says.

The stand-in's masks are known exactly: the upper half of a ball, the ball, all balls.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage
from waiting import LIMIT

import ludvig_engine as ludvig
import small_scene
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.progress import Job
from ludvig_engine.sam.elsewhere import elsewhere
from ludvig_engine.sam.looks import Looks, Picture
from ludvig_engine.segmentation.trail import strokes_of
from nested_segmenter import NestedSegmenter
from service_tools import After, overlap

NAMES = list(small_scene.BALLS)


class Told(Job):
    """A job that remembers its notes."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def scene(made):
    return load_scene(made / "splats.ply", views=made)


@pytest.fixture(scope="module")
def prepared(scene):
    return ludvig.prepare(scene, "colour", cache=False)


@pytest.fixture(scope="module")
def names(made, scene):
    return np.load(made / "names.npy")[scene.rows]


@pytest.fixture(autouse=True)
def nothing_kept(prepared):
    """A new SAM for each test, though all of them have the same name."""
    yield
    prepared._kept.pop(("sam", "regions"), None)


def on(name, view=0, sign="+", move=(0, 0)):
    x, y = small_scene.center_of(name, view)
    return f"photo_{view}.png", x + move[0], y + move[1], sign


def found(prepared, *clicks, sam=None, **more):
    return ludvig.segment(prepared, clicks=clicks, sam=sam or NestedSegmenter(), **more)


def mask_of(prepared, clicks, which, view=0):
    """One of the stand-in's masks in a photo, as an array of the photo's shape."""
    sam = NestedSegmenter()
    pixels = ludvig_photo(prepared, view)
    sam.set_image(pixels)
    points = np.array([[x + 0.5, y + 0.5] for _, x, y, _ in clicks])
    masks, _ = sam.predict(points, np.array([sign == "+" for *_, sign in clicks], int))
    return masks[which]


def ludvig_photo(prepared, view):
    from ludvig_engine.io.photos import read_photo

    return read_photo(prepared.views[view]).pixels


@pytest.mark.parametrize("view", [0, 3])
@pytest.mark.parametrize("name", NAMES)
def test_a_click_selects_the_object_that_the_sam_finds(prepared, names, name, view):
    answer = found(prepared, on(name, view))
    assert overlap(answer.selected, names == name) > 0.93
    of_mask = ludvig.segment(
        prepared, masks=[(f"photo_{view}.png", mask_of(prepared, [on(name, view)], 1, view))]
    )
    # The look from another side changes a few splats at the border.
    assert (answer.selected != of_mask.selected).mean() < 4e-3
    assert overlap(answer.selected, names == name) > overlap(of_mask.selected, names == name) - 0.01
    assert answer.threshold == 0.5 and answer.readings.taken == 0


def test_the_three_masks_are_the_readings(prepared, names):
    answer = found(prepared, on("red"))
    ways = answer.readings
    assert ways.steps == (-1, 0, 1)
    part, thing, whole = map(ways.of, ways.steps)
    assert all((b | ~a).all() and (a != b).any() for a, b in pairwise((part, thing, whole)))
    assert overlap(whole, names != "ground") > 0.9
    seen = prepared.uplifted.weights > 0
    height = prepared.gaussians.means[:, 2]
    upper = (names == "red") & seen & (height > 0.1)
    lower = (names == "red") & seen & (height < -0.15)
    assert part[upper].mean() > 0.9 and part[lower].mean() < 0.2
    for step in ways.steps:
        again = found(prepared, on("red"), reading=step)
        np.testing.assert_array_equal(again.selected, ways.of(step))
        np.testing.assert_array_equal(again.readings.levels, ways.levels)
    (note,) = found(prepared, on("red"), reading=2).notes
    assert "There is no reading +2" in note


def test_the_best_rated_mask_is_the_default_unless_a_click_contradicts_it(prepared, names):
    likes_parts = NestedSegmenter((0.9, 0.5, 0.2))
    high, low = on("red", move=(0, -5)), on("red", move=(0, 6))
    part = found(prepared, high, sam=likes_parts)
    assert part.readings.steps == (0, 1, 2)
    assert 0.2 < part.selected[names == "red"].mean() < 0.8
    both = found(prepared, high, low, sam=likes_parts)
    assert overlap(both.selected, names == "red") > 0.93
    assert likes_parts.images <= 3, "the second click in a picture costs no encoder"


@pytest.mark.parametrize("obeys", [True, False])
@pytest.mark.parametrize("same_view", [True, False])
def test_what_is_clicked_on_is_in_or_out_whatever_the_sam_says(prepared, names, obeys, same_view):
    """The SAM that rates everything best is corrected, in its own picture and in another one."""
    sam = NestedSegmenter((0.2, 0.5, 0.9), obeys=obeys)
    clicks = [on("red"), on("blue", 0 if same_view else 2, "-")]
    everything = found(prepared, on("red"), sam=sam)
    assert everything.selected[names == "blue"].mean() > 0.9
    answer = found(prepared, *clicks, sam=sam)
    assert answer.selected[names == "blue"].mean() < 0.1
    assert overlap(answer.selected, names == "red") > 0.93 or (
        answer.selected[np.isin(names, ("red", "green"))].mean() > 0.9
    )
    follows_all(prepared, answer, clicks)
    assert sam.images == 2, "the photo and another side: nothing for negative clicks alone"


def follows_all(prepared, answer, clicks):
    from ludvig_engine.front.prompting import paints

    strokes = strokes_of(prepared, paints(prepared.views, clicks=clicks), raster=prepared.raster)
    ways = answer.readings
    selections = [answer.selected] if ways is None else [ways.of(step) for step in ways.steps]
    for selected in selections:
        assert all(stroke.held(selected) >= 0.5 for stroke in strokes)


def test_a_missed_place_is_in_when_it_is_clicked_on(prepared, names):
    """The stand-in takes the first click only."""
    clicks = [on("red"), on("green")]
    answer = found(prepared, *clicks)
    assert answer.selected[names == "red"].mean() > 0.9
    follows_all(prepared, answer, clicks)


def test_another_picture_of_the_same_thing_joins(prepared, names):
    sam = NestedSegmenter()
    answer = found(prepared, on("red"), on("red", 4), sam=sam)
    assert overlap(answer.selected, names == "red") > 0.95
    assert answer.readings.steps == (-1, 0, 1) and sam.images == 2
    whole = answer.readings.of(1)
    assert overlap(whole, names != "ground") > 0.9, "each reading has the mask that fits it best"


def test_a_click_on_another_thing_in_another_picture_adds_it(prepared, names):
    answer = found(prepared, on("red"), on("blue", 2))
    assert overlap(answer.selected, np.isin(names, ("red", "blue"))) > 0.93
    assert not answer.readings.of(1)[names == "ground"].mean() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_box_selects_what_the_sam_finds_in_it(prepared, names, name):
    _, x, y, _ = on(name)
    box = ("photo_0.png", x - 14, y - 14, x + 14, y + 14)
    answer = ludvig.segment(prepared, boxes=[box], sam=NestedSegmenter())
    assert overlap(answer.selected, names == name) > 0.93
    assert answer.readings.steps == (-1, 0, 1)
    more = ludvig.segment(
        prepared, boxes=[box], clicks=[on(name, move=(1, 1))], sam=NestedSegmenter()
    )
    assert overlap(more.selected, names == name) > 0.93


def test_two_boxes_are_two_things(prepared, names):
    boxes = [(view, x - 9, y - 9, x + 9, y + 9) for view, x, y, _ in (on("red"), on("blue"))]
    answer = ludvig.segment(prepared, boxes=boxes, sam=NestedSegmenter())
    assert overlap(answer.selected, np.isin(names, ("red", "blue"))) > 0.9


def test_other_prompts_go_along(prepared, names):
    """A painted mask joins the evidence; a scribble corrects."""
    strokes = np.zeros(small_scene.SIZE[::-1])
    _, x, y, _ = on("blue")
    strokes[y - 2 : y + 3, x - 2 : x + 3] = 1
    answer = found(prepared, on("red"), scribbles=[("photo_0.png", strokes)])
    assert answer.selected[names == "red"].mean() > 0.9
    assert answer.selected[names == "blue"].mean() > 0.1
    view = 2
    of_blue = mask_of(prepared, [on("blue", view)], 1, view)
    answer = found(prepared, on("red"), masks=[(f"photo_{view}.png", of_blue)])
    assert answer.selected[names == "blue"].mean() > 0.5


def test_a_given_threshold_and_no_diffusion(prepared, names):
    answer = found(prepared, on("red"), threshold=0.3)
    assert (answer.threshold, answer.how, answer.readings) == (0.3, "given", None)
    plain = found(prepared, on("red"), diffusion=False)
    assert overlap(plain.selected, names == "red") > 0.8


def test_prompts_that_show_nothing(prepared):
    with pytest.raises(EngineError, match="regions finds nothing at your prompts"):
        found(prepared, ("photo_0.png", 1, 88))
    with pytest.raises(EngineError, match="none says what is"):
        found(prepared, on("red", sign="-"))
    with pytest.raises(EngineError, match="There is no prompt"):
        found(prepared)
    with pytest.raises(EngineError, match='no segmenter "sma"'):
        found(prepared, on("red"), sam="sma")


def test_a_canceled_look_goes_on_for_the_next_click(prepared):
    """The encoder takes seconds: nobody waits for it twice."""
    go_on = threading.Event()

    class Slow(NestedSegmenter):
        def encode(self, pixels):
            assert go_on.wait(LIMIT)
            return super().encode(pixels)

    sam = Slow()
    with pytest.raises(Cancelled):
        found(prepared, on("red"), sam=sam, job=After(3))
    go_on.set()
    found(prepared, on("red"), sam=sam)
    assert sam.images == 2, "the photo, once, and another side"


class Leaking(NestedSegmenter):
    """In the first picture, its mask of a thing goes on beside it."""

    def __init__(self, others=True):
        super().__init__()
        self.others = others  # whether it finds things in other pictures

    def predict(self, points=None, labels=None, box=None, *, multimask=True):
        masks, scores = super().predict(points, labels, box, multimask=multimask)
        if box is not None:
            return masks & self.others, scores
        thing = masks[1]
        masks[1] |= ndimage.shift(thing, (0, 8)) | ndimage.shift(thing, (0, 14))
        masks[2] |= masks[1]
        return masks, scores


def test_a_look_from_another_side_mends_a_mask(prepared, names):
    sam, red = Leaking(), names == "red"
    answer = found(prepared, on("red"), sam=sam)
    assert sam.images == 2 and not answer.notes
    mask = mask_of(prepared, [on("red")], 1)
    mask |= ndimage.shift(mask, (0, 8)) | ndimage.shift(mask, (0, 14))
    alone = ludvig.segment(prepared, masks=[("photo_0.png", mask)])
    assert overlap(answer.selected, red) > overlap(alone.selected, red) + 0.02


def test_what_another_side_does_not_confirm_is_told(prepared, names):
    answer = found(prepared, on("red"), sam=Leaking(others=False), job=(job := Told()))
    assert overlap(answer.selected, names == "red") > 0.5
    assert any("From another side" in note for note in (*job.notes, *answer.notes))


def test_views_of_one_side_only_are_no_check(prepared):
    view = prepared.views[0]
    alone = replace(prepared, views=(view,), _kept={})
    selected = np.arange(len(prepared.gaussians)) % 2 == 0
    looks = Looks(NestedSegmenter())
    assert elsewhere(alone, looks, selected, view.camera) is None
    assert elsewhere(prepared, looks, selected & False, view.camera) is None
    other = elsewhere(prepared, looks, selected, view.camera)
    assert other.picture.key != Picture.of_view(view).key and other.hopeful
