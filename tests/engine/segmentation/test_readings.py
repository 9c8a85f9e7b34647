"""Part or whole: readings are nested, follow every prompt, and keep what was corrected."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import small_scene
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation.painting import box, click
from ludvig_engine.segmentation.readings import ALIKE, MOST, Ladder, offered
from ludvig_engine.segmentation.segment import Options, segment
from ludvig_engine.segmentation.trail import strokes_of


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("balls"))
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    return prepare(scene, load_extractor("colour"))


def on(prepared, name, view=1, **more):
    x, y = small_scene.center_of(name, view)
    return replace(click(prepared.views[view].camera, x, y), **more)


def read(prepared, paints, reading=0):
    return segment(prepared, paints, options=Options(reading=reading))


@pytest.fixture(scope="module")
def one(prepared):
    return read(prepared, [on(prepared, "red")])


def nested(readings):
    selections = [readings.of(step) for step in readings.steps]
    pairs = pairwise(selections)
    return all((b | ~a).all() and (a != b).any() for a, b in pairs)


def test_the_best_guess_is_taken_by_default(one):
    assert one.readings.taken == 0 and 0 in one.readings.steps
    np.testing.assert_array_equal(one.readings.selected, one.selected)


def test_readings_are_nested_few_and_different(prepared, one):
    assert 1 < len(one.readings.steps) <= MOST and nested(one.readings)
    assert list(one.readings.steps) == sorted(one.readings.steps)
    sizes = [prepared.visible[one.readings.of(step)].sum() for step in one.readings.steps]
    assert all(a <= ALIKE * b for a, b in pairwise(sizes))


def test_asking_for_a_reading_is_switching_to_it(prepared, one):
    for step in one.readings.steps:
        found = read(prepared, [on(prepared, "red")], step)
        assert found.readings.taken == step and found.readings.steps == one.readings.steps
        np.testing.assert_array_equal(found.readings.levels, one.readings.levels)
        np.testing.assert_array_equal(found.selected, one.readings.of(step))
        assert found.threshold == 0.5 and not found.notes


@pytest.mark.parametrize("wanted", [-100, 100])
def test_there_is_no_further_reading(prepared, one, wanted):
    found = read(prepared, [on(prepared, "red")], wanted)
    assert found.readings.taken == one.readings.steps[0 if wanted < 0 else -1]
    assert any(f"There is no reading {wanted:+d}" in note for note in found.notes)


def corrections(prepared, seed, count=4):
    """Clicks of both kinds at random places, none of which contradicts another."""
    rng = np.random.default_rng(seed)
    paints = [on(prepared, "red")]
    strokes = strokes_of(prepared, paints, raster=prepared.raster)
    while len(paints) < count:
        camera = prepared.views[int(rng.integers(len(prepared.views)))].camera
        x, y = rng.uniform(0.25, 0.75, 2) * (camera.width, camera.height)
        paint = click(camera, x, y, positive=bool(rng.integers(2)))
        (stroke, *_) = strokes_of(prepared, [paint], raster=prepared.raster) or [None]
        if stroke is not None and not any(stroke.opposes(other) for other in strokes):
            paints.append(paint)
            strokes.append(stroke)
    return paints, strokes


@pytest.mark.parametrize("seed", range(6))
def test_every_reading_follows_every_click(prepared, seed):
    paints, strokes = corrections(prepared, seed)
    for reading in (-1, 0, 1):
        found = read(prepared, paints, reading)
        ways = found.readings
        selections = [found.selected] if ways is None else [ways.of(step) for step in ways.steps]
        assert ways is None or nested(ways)
        for selected in selections:
            assert all(stroke.held(selected) >= 0.5 for stroke in strokes)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("switched", [-1, 1])
def test_a_correction_goes_on_from_the_reading_that_was_shown(prepared, one, seed, switched):
    """Click, correct, switch, correct: the last correction changes what was switched to."""
    paints, _ = corrections(prepared, seed, 3)
    first, second, third = paints
    before = read(prepared, [first, replace(second, reading=0)])
    if before.readings is None or switched not in before.readings.steps:
        pytest.skip("this correction leaves no such reading")
    shown = before.readings.of(switched)
    again = replace(third, reading=switched)
    after = read(prepared, [first, replace(second, reading=0), again], switched)
    (stroke,) = strokes_of(prepared, [third], raster=prepared.raster)
    assert after.readings is None or after.readings.taken == switched
    changed = after.selected != shown
    # Out of sight, a few also go the other way, as the groups there follow what is seen.
    other_way = (after.selected[changed] != stroke.positive).sum()
    assert other_way <= 0.1 * changed.sum()
    if stroke.held(shown) >= stroke.needed:
        assert not changed.any()


def test_prompts_that_say_how_far_the_object_reaches_leave_no_choice(prepared, one):
    camera = prepared.views[1].camera
    x, y = small_scene.center_of("red", 1)
    around = box(camera, x - 20, y - 20, x + 20, y + 20)
    assert read(prepared, [around]).readings is None
    assert read(prepared, [around, on(prepared, "red")]).readings is None
    given = segment(prepared, [on(prepared, "red")], options=Options(threshold=0.4))
    assert given.readings is None


def ladder():
    """Twelve Gaussians that are superpoints; the guess is 4 of them, in groups of 2, 6 and 12."""
    labels = np.arange(12)
    groups = {-1: labels < 2, 1: labels < 6, 2: labels < 12}
    return Ladder(labels, labels < 4, groups)


def test_what_was_corrected_stays_corrected():
    own = ladder()
    fixed = np.zeros(12, np.int8)
    fixed[[1, 9]] = -1, 1  # taken away, and added
    for step in own.steps:
        selected = own.read(step, fixed)
        assert not selected[1] and selected[9]
        assert not np.delete(selected != own.first(step), [1, 9]).any()


def test_readings_that_contradict_are_not_offered():
    """A negative click at 5, which the guess already follows, and a positive one at 3."""
    own, nothing = ladder(), np.zeros(12, np.int8)
    found = offered(own, nothing, 0, 2, lambda chosen: bool(chosen[3] and not chosen[5]))
    assert found.steps == (0,) and found.taken == 0 and "no reading +2" in found.notes[0]
    found = offered(own, nothing, 0, 1, lambda chosen: bool(chosen[3]))
    assert found.steps == (0, 1, 2) and found.taken == 1 and found.notes == ()
    np.testing.assert_array_equal(found.levels, [0] * 4 + [1] * 2 + [2] * 6)


def test_the_likeliest_groups_are_offered_from_part_to_whole():
    labels, visible = np.arange(100), np.ones(100, np.float32)
    sizes = np.arange(5, 100, 5)
    values = -np.abs(np.log(sizes / 40.0))
    groups = [(labels < size, float(value)) for size, value in zip(sizes, values, strict=True)]
    own = Ladder.of(labels, labels < 40, groups, visible)
    found = [int(own.first(step).sum()) for step in own.steps]
    assert len(found) == MOST and 40 in found and found == sorted(found)
    assert found[own.steps.index(0)] == 40
    assert all(a <= ALIKE * b for a, b in pairwise(found))
