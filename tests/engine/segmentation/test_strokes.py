"""A click is a promise: what it touches is as it says, and the rest stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation import segment as segments
from ludvig_engine.segmentation import trail
from ludvig_engine.segmentation.painting import Evidence, box, click, line, mask
from ludvig_engine.segmentation.segment import Options, segment
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS
from ludvig_engine.segmentation.trail import KEPT, Trail, strokes_of


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("balls"))
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    return prepare(scene, load_extractor("colour"))


def drawn(prepared, seed, count):
    """Random clicks of both kinds in random views, the first on the object; never twice nearby."""
    rng = np.random.default_rng(seed)
    paints, spots = [], []
    while len(paints) < count:
        view = int(rng.integers(len(prepared.views)))
        camera = prepared.views[view].camera
        x, y = rng.uniform(0.25, 0.75, 2) * (camera.width, camera.height)
        positive = not paints or bool(rng.integers(2))
        paint = click(camera, x, y, positive=positive)
        (stroke, *_) = strokes_of(prepared, [paint], raster=prepared.raster) or [None]
        if stroke is None or any(stroke.opposes(other) for other in spots):
            continue
        paints.append(paint)
        spots.append(stroke)
    return paints, spots


@pytest.mark.parametrize("seed", range(12))
def test_every_click_is_followed(prepared, seed):
    paints, strokes = drawn(prepared, seed, 7)
    for count in range(1, len(paints) + 1):
        found = segment(prepared, paints[:count])
        for stroke in strokes[:count]:
            assert stroke.held(found.selected) >= 0.5
        assert not any("not followed" in note for note in found.notes)


@pytest.mark.parametrize("seed", range(4))
def test_a_click_that_agrees_changes_nothing(prepared, seed):
    paints, _ = drawn(prepared, seed, 3)
    before = segment(prepared, paints).selected
    rng = np.random.default_rng(seed)
    agreeing = 0
    while agreeing < 4:
        camera = prepared.views[int(rng.integers(len(prepared.views)))].camera
        x, y = rng.uniform(0.2, 0.8, 2) * (camera.width, camera.height)
        for positive in (True, False):
            more = click(camera, x, y, positive=positive)
            touched = strokes_of(prepared, [more], raster=prepared.raster)
            if touched and touched[0].held(before) > 0.6:
                agreeing += 1
                assert np.array_equal(segment(prepared, [*paints, more]).selected, before)


def test_what_is_kept_of_earlier_clicks_changes_no_answer(prepared):
    paints, _ = drawn(prepared, 3, 6)
    one_by_one = [segment(prepared, paints[:n]).scores for n in range(1, 7)]
    fresh = prepare_again(prepared)
    for count in (6, 2, 4):
        assert np.array_equal(segment(fresh, paints[:count]).scores, one_by_one[count - 1])


@pytest.fixture
def lifted(monkeypatch):
    """How many paints have been lifted to the Gaussians, as the length of a list."""
    found = []
    lift = trail.lift_paint

    def counted(gaussians, paints, **more):
        found.extend(paints)
        return lift(gaussians, paints, **more)

    monkeypatch.setattr(trail, "lift_paint", counted)
    return found


def test_each_click_lifts_only_itself(prepared, lifted):
    paints, _ = drawn(prepared, 8, 7)
    again = asked_nothing(prepared)
    lifted.clear()
    for count in range(1, 8):
        segment(again, paints[:count])
        assert len(lifted) == count
    segment(again, paints[:3], options=Options(threshold=0.4))
    segment(again, paints[:5], options=Options(reading=1))
    assert len(lifted) == 7


def areas(prepared):
    """A mask, a box and a region through the scene."""
    camera = prepared.views[1].camera
    inside = np.zeros((camera.height, camera.width), np.float32)
    x, y = map(int, small_scene.center_of("red", 1))
    inside[y - 6 : y + 6, x - 6 : x + 6] = 1
    return {
        "mask": [mask(camera, inside)],
        "two masks": [mask(camera, inside), mask(camera, np.roll(inside, 2))],
        "box": [box(camera, x - 8, y - 8, x + 8, y + 8)],
        "through": [click(camera, x, y, radius=4, through=True)],
    }


@pytest.mark.parametrize("kind", ["mask", "two masks", "box", "through"])
def test_an_area_that_is_asked_again_is_known(prepared, lifted, kind, monkeypatch):
    again, paints = asked_nothing(prepared), areas(prepared)[kind]
    first = segment(again, paints)
    count = len(lifted)
    assert count
    monkeypatch.setattr(segments, "completed", None)  # nothing of it is computed again
    monkeypatch.setattr(segments, "SelfTraining", None)
    assert np.array_equal(segment(again, paints).scores, first.scores)
    wider = segment(again, paints, options=Options(threshold=0.2))
    assert wider.threshold == 0.2 and np.array_equal(wider.scores, first.scores)
    assert len(lifted) == count


@pytest.mark.parametrize("kind", ["mask", "two masks", "box", "through"])
def test_what_is_kept_of_areas_changes_no_answer(prepared, kind):
    """With other clicks, options and evidence in space."""
    again, paints = asked_nothing(prepared), areas(prepared)[kind]
    more = drawn(prepared, 4, 2)[0]
    nothing = np.zeros(len(prepared.gaussians), np.float32)
    some = np.where(np.arange(len(nothing)) < 20, np.float32(1), nothing)
    asked = [
        {},
        {"options": Options(diffusion=False)},
        {"options": Options(prior=2.0)},
        {"settings": replace(DEFAULT_SETTINGS, unseen_prior=0.5, first_C=0.2)},
        {"raster": replace(prepared.raster, blur=0.0)},
        {"placed": Evidence(nothing, some, nothing)},
        {"placed": Evidence(some, nothing, nothing)},
    ]
    if kind == "mask":
        asked = [([*paints, *clicks], given) for given in asked for clicks in ([], more)]
    else:
        # No more than is kept of areas; clicks go on from areas of any kind in the same way.
        asked = [([*paints, *more], {}), *((paints, given) for given in asked[::2])]
    fresh = [segment(asked_nothing(prepared), all, **given).scores for all, given in asked]
    # Backward the second time: from those that are still kept.
    for (all, given), scores in zip(asked + asked[::-1], fresh + fresh[::-1], strict=True):
        assert np.array_equal(segment(again, all, **given).scores, scores)


def asked_nothing(prepared):
    """The same scene, with its superpoints, before it was asked for anything."""
    kept = {name: made for name, made in prepared._kept.items() if name != "trail"}
    return replace(prepared, _kept=kept)


def prepare_again(prepared):
    """The same scene without anything that was kept."""
    return replace(prepared, _kept={})


def test_the_selection_is_where_scores_exceed_a_half(prepared):
    paints, _ = drawn(prepared, 5, 4)
    found = segment(prepared, paints)
    assert found.threshold == 0.5 and found.scores.min() >= 0 and found.scores.max() <= 1
    assert 0 < found.selected.sum() < len(found.scores)


def test_clicks_that_contradict_each_other_are_said(prepared):
    camera = prepared.views[1].camera
    x, y = small_scene.center_of("red", 1)
    yes, no = (click(camera, x, y, positive=positive) for positive in (True, False))
    found = segment(prepared, [yes, no])
    assert any("says the opposite" in note for note in found.notes)


def test_a_negative_click_first_is_no_object(prepared):
    """The order of the first clicks of both kinds does not matter."""
    camera = prepared.views[1].camera
    x, y = small_scene.center_of("red", 1)
    yes = click(camera, x, y, positive=True)
    no = click(camera, 0.1 * camera.width, 0.9 * camera.height, positive=False)
    assert np.array_equal(
        segment(prepared, [no, yes]).selected, segment(prepared, [yes, no]).selected
    )


def test_a_long_stroke_is_followed_along_its_length(prepared):
    camera = prepared.views[1].camera
    ends = np.array([small_scene.center_of("red", 1), small_scene.center_of("blue", 1)], float)
    stroke = line(camera, ends, radius=1.5)
    found = segment(prepared, [stroke])
    (touched,) = strokes_of(prepared, [stroke], raster=prepared.raster)
    assert touched.needed > 0.5 and touched.held(found.selected) > 0.5


def test_the_trail_forgets_the_oldest():
    trail = Trail()
    for number in range(KEPT + 3):
        trail.keep((bytes([number]),), np.array([number % 2]))
    assert trail.after((bytes([0]),)) == (0, None)
    count, last = trail.after((bytes([KEPT + 2]), b"more"))
    assert count == 1 and last is not None
