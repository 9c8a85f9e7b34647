"""Prompts to segments, on balls of known colors."""

from types import SimpleNamespace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.rendering import render
from ludvig_engine.segmentation.painting import click, mask
from ludvig_engine.segmentation.segment import Options, segment


@pytest.fixture(scope="module")
def balls(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("balls"))
    scene = load_scene(folder / "splats.ply", views=folder / "transforms.json")
    prepared = prepare(scene, load_extractor("colour"))
    names = np.load(folder / "names.npy")  # in the file's order
    things = {name: scene.from_file(names == name) for name in small_scene.BALLS}
    return SimpleNamespace(prepared=prepared, views=scene.views, things=things)


def clicked(balls, name, view, *, positive=True):
    x, y = small_scene.center_of(name, view)
    return click(balls.views[view].camera, x, y, positive=positive)


def painted(balls, name, view):
    """The exact mask of a ball."""
    camera = balls.views[view].camera
    image, alpha = render(
        balls.prepared.gaussians, camera, balls.things[name][:, None].astype(np.float32)
    )
    return mask(camera, image[0] > 0.5 * alpha)


def iou(balls, found, name):
    """Of the Gaussians that photos show well."""
    weights = balls.prepared.uplifted.weights
    seen = weights > 0.1 * np.median(weights)
    exact, selected = balls.things[name][seen], found.selected[seen]
    return (selected & exact).sum() / (selected | exact).sum()


@pytest.mark.parametrize("name", small_scene.BALLS)
def test_one_click_finds_the_ball(balls, name):
    found = segment(balls.prepared, [clicked(balls, name, 1)])
    assert iou(balls, found, name) > 0.88
    assert found.scores.min() >= 0 and found.scores.max() <= 1
    assert found.scores.shape == balls.things[name].shape


@pytest.mark.parametrize("name", small_scene.BALLS)
def test_a_mask_finds_also_the_side_it_does_not_show(balls, name):
    found = segment(balls.prepared, [painted(balls, name, 2)])
    assert iou(balls, found, name) > 0.95
    assert found.evidence["agreement"] > 0.9


def test_two_balls_are_one_object_if_clicks_say_so(balls):
    both = segment(balls.prepared, [clicked(balls, "red", 0), clicked(balls, "blue", 4)])
    inside = {name: both.selected[thing].mean() for name, thing in balls.things.items()}
    # The first click is read as a whole thing, the second one as what it is deepest in.
    assert inside["red"] > 0.8 and inside["blue"] > 0.5 and inside["green"] < 0.1


def test_clicks_against_are_obeyed(balls):
    yes = [clicked(balls, "red", 0), clicked(balls, "green", 4)]
    assert segment(balls.prepared, yes).selected[balls.things["green"]].mean() > 0.8
    found = segment(balls.prepared, [yes[0], clicked(balls, "green", 4, positive=False)])
    assert found.selected[balls.things["green"]].mean() < 0.05


@pytest.mark.parametrize("name", small_scene.BALLS)
def test_a_mask_takes_nothing_that_it_shows_beside_the_ball(balls, name):
    found = segment(balls.prepared, [painted(balls, name, 2)])
    for other in set(small_scene.BALLS) - {name}:
        assert not found.selected[balls.things[other]].any()


def test_masks_of_two_photos_are_one_object(balls):
    prompts = [painted(balls, "red", 0), painted(balls, "red", 3)]
    assert iou(balls, segment(balls.prepared, prompts), "red") > 0.95


def test_what_is_given_is_not_searched(balls):
    prompt = [clicked(balls, "red", 0)]
    given = segment(
        balls.prepared, prompt, options=Options(threshold=0.7, bandwidth=2.0, prior=0.2)
    )
    assert (given.threshold, given.how) == (0.7, "given")
    assert given.parameters == {"bandwidth": 2.0, "prior": 0.2}
    alike = segment(balls.prepared, prompt, options=Options(diffusion=False))
    assert alike.parameters == {} and iou(balls, alike, "red") > 0.8


def test_the_same_prompts_give_the_same_answer(balls):
    prompt = [clicked(balls, "blue", 3)]
    assert np.array_equal(
        segment(balls.prepared, prompt).scores, segment(balls.prepared, prompt).scores
    )


def test_a_click_on_nothing(balls):
    with pytest.raises(EngineError, match="None of your positive prompts"):
        segment(balls.prepared, [click(balls.views[0].camera, 2, 2)])
