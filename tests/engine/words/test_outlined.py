"""Words through a SAM whose masks are known: the upper half of a ball, the ball, all balls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation.segment import Options, Segment
from ludvig_engine.words.outlined import outlined
from ludvig_engine.words.prompted import found_by
from nested_segmenter import NestedSegmenter
from planted_words import iou


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    return prepare(scene, Colour()), scene.from_file(np.load(folder / "names.npy"))


@pytest.fixture(autouse=True)
def nothing_kept(made):
    """A new SAM for each test, though all of them have the same name."""
    yield
    made[0]._kept.pop(("sam", "regions"), None)


def named(selected, **more):
    """What some words have found."""
    scores = selected.astype(np.float32)
    return Segment(scores, 0.5, "words", {}, {"sigmas": 4.0}, ("said",), **more)


def blurred(made, *names, share=0.3):
    """Some things, without a share of their splats, and some of what is beside them."""
    prepared, truth = made
    random = np.random.default_rng(0).random(len(truth))
    inside = np.isin(truth, names)
    means = prepared.gaussians.means
    near = np.zeros(len(truth), bool)
    for name in names:
        away = np.linalg.norm(means - means[truth == name].mean(0), axis=1)
        near |= away < 1.2 * away[truth == name].max()
    return named(np.where(inside, random > share, near & (random < share)))


@pytest.mark.parametrize("name", list(small_scene.BALLS))
def test_what_words_blur_gets_an_outline(made, name):
    prepared, truth = made
    before = blurred(made, name)
    found = outlined(prepared, before, NestedSegmenter())
    assert iou(before.selected, truth == name, prepared.uplifted.seen) < 0.7
    assert iou(found.selected, truth == name, prepared.uplifted.seen) > 0.93
    assert found.evidence["sigmas"] == 4.0 and found.notes[0] == "said"


def test_of_the_masks_the_one_that_fits_the_words_is_taken(made):
    """The SAM rates all balls best; the words mean one. Readings count from that one."""
    prepared, truth = made
    found = outlined(prepared, blurred(made, "red"), NestedSegmenter(scores=(0.2, 0.5, 0.9)))
    assert iou(found.selected, truth == "red", prepared.uplifted.seen) > 0.93
    assert found.readings.taken == 0 and {-1, 0, 1} <= set(found.readings.steps)
    whole = outlined(
        prepared,
        blurred(made, "red"),
        NestedSegmenter(scores=(0.2, 0.5, 0.9)),
        options=Options(reading=1),
    )
    assert whole.readings.taken == 1
    assert iou(whole.selected, truth != "ground", prepared.uplifted.seen) > 0.9


def test_two_things_get_two_boxes(made):
    prepared, truth = made
    found = outlined(prepared, blurred(made, "red", "green"), NestedSegmenter())
    both = np.isin(truth, ["red", "green"])
    assert iou(found.selected, both, prepared.uplifted.seen) > 0.9


def test_what_the_sam_sees_otherwise_stays(made):
    """Half of the ground is no thing for this SAM, whose masks are of balls."""
    prepared, truth = made
    ground = (truth == "ground") & (prepared.gaussians.means[:, 0] > 0)
    before = named(ground | (truth == "red"))
    found = outlined(prepared, before, NestedSegmenter(scores=(0.2, 0.9, 0.1)))
    np.testing.assert_array_equal(found.scores, before.scores)


@pytest.mark.parametrize("guess", [None, 0.4])
def test_nothing_is_outlined_where_nothing_is_found(made, guess):
    before = replace(named(np.zeros(len(made[1]), bool)), guess=guess)
    sam = NestedSegmenter()
    assert outlined(made[0], before, sam) is before and not sam.images


def test_words_are_outlined_before_clicks_correct_them(made):
    prepared, truth = made
    found = found_by(prepared, segmenter=NestedSegmenter(), named=blurred(made, "blue"))
    assert iou(found.selected, truth == "blue", prepared.uplifted.seen) > 0.93
