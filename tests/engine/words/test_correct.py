"""Words and clicks together, on the scene whose words are planted."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.segmentation import painting
from ludvig_engine.words.correct import as_evidence, corrected
from ludvig_engine.words.find import text_scores, united
from ludvig_engine.words.lift import lift_text
from planted_words import PlantedExtractor, iou


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    names = scene.from_file(np.load(folder / "names.npy"))
    prepared, encoder = prepare(scene, Colour()), PlantedExtractor(1.0)
    lifted = lift_text(scene, encoder)
    said = {
        text: text_scores(prepared, lifted, encoder, [text])[0]
        for text in ("tomato", "lime", "zeppelin")
    }
    return scene, names, prepared, lifted.seen, said


def click(scene, name, *, positive=True, view=0):
    return painting.photo_click(
        scene.views[view], *small_scene.center_of(name, view), positive=positive
    )


@pytest.mark.parametrize(
    ("texts", "clicked", "expected"),
    [
        (("tomato", "lime"), ("green", False), ("red",)),  # taken away
        (("tomato",), ("blue", True), ("red", "blue")),  # added
        (("tomato",), ("red", True), ("red",)),  # confirmed
        (("tomato",), ("blue", False), ("red",)),  # said already
        (("zeppelin",), ("blue", True), ("blue",)),  # words that find nothing say nothing
    ],
)
@pytest.mark.parametrize("view", [0, 3])
def test_clicks_correct_words(made, texts, clicked, expected, view):
    scene, names, prepared, seen, said = made
    named = united([said[text] for text in texts])
    found = corrected(prepared, named, [click(scene, clicked[0], positive=clicked[1], view=view)])
    assert iou(found.selected, np.isin(names, expected), seen) > 0.9
    assert ("zeppelin" in " ".join(found.notes)) == ("zeppelin" in texts)


def test_a_click_takes_away_half_at_most(made):
    scene, names, prepared, seen, said = made
    found = corrected(prepared, said["tomato"].segment, [click(scene, "red", positive=False)])
    assert found.selected[seen & (names == "red")].mean() > 0.3, "the word still means something"


def test_evidence_is_how_sure_the_words_are(made):
    scene, _, _, _, said = made
    named = said["tomato"].segment
    evidence = as_evidence(scene.gaussians, named)
    np.testing.assert_array_equal(evidence.positive > 0, named.selected)
    assert not (evidence.positive * evidence.negative).any() and evidence.total.max() <= 1
    assert not as_evidence(scene.gaussians, said["zeppelin"].segment).total.any()


def test_masks_and_prompts_in_space_go_with_words(made):
    _, names, prepared, seen, said = made
    nothing = np.zeros(len(names), np.float32)
    blue = painting.Evidence((names == "blue").astype(np.float32), nothing, nothing)
    found = corrected(prepared, said["tomato"].segment, [], placed=blue)
    assert iou(found.selected, np.isin(names, ("red", "blue")), seen) > 0.9
    with pytest.raises(EngineError, match="None of your positive prompts"):
        corrected(prepared, said["zeppelin"].segment, [])
