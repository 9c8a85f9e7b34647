"""segment/spread: the film of a diffusion as bytes, in the order of the file."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.wire.methods import Prompt, SpreadPrompts, Viewport
from service_tools import Service, opened


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="module")
def names(made):
    return np.load(made / "names.npy")


def click(name="red", view=0, **more):
    pixels = np.array([small_scene.center_of(name, view)], np.float32)
    return Prompt("click", view=f"photo_{view}.png", pixels=pixels, **more)


def in_space(**more):
    center = np.array([small_scene.BALLS["red"][0]], np.float32)
    return Prompt("click", points=center, radius=1.5 * small_scene.RADIUS, **more)


def in_a_viewport(**more):
    camera = small_scene.cameras()[0]
    pixels = np.array([small_scene.center_of("red", 0)], np.float32)
    viewport = Viewport(camera.viewmat, camera.K, *small_scene.SIZE)
    return Prompt("click", viewport=viewport, pixels=pixels, **more)


@pytest.mark.parametrize("make", [click, in_space, in_a_viewport], ids=lambda make: make.__name__)
@pytest.mark.parametrize("through", [False, True])
def test_prompts_of_every_place_spread_over_their_thing(service, made, names, make, through):
    scene = opened(service, made).scene
    found = service(SpreadPrompts(scene, (make(through=through),), times=(0, 3, 30)))
    assert found.times == (0, 3, 30) and found.levels.dtype == np.uint8
    assert found.levels.shape == (4000, 3) and (found.levels.max(0) == 255).all()
    assert (np.diff((found.levels > 0).sum(0)) > 0).all()
    late = found.levels[:, -1].astype(float)
    assert late[names == "red"].mean() > 10 * late[names == "ground"].mean() + 10
    assert found.timings


def test_what_was_hidden_is_not_painted(service, made, names):
    scene = opened(service, made).scene
    visible = (names != "red")[:, None]
    found = service(SpreadPrompts(scene, (click(),), times=(0,), visible=visible))
    assert not found.levels[names == "red"].any() and found.levels.any()


def test_negative_prompts_do_not_spread(service, made):
    scene = opened(service, made).scene
    alone = service(SpreadPrompts(scene, (click(),), times=(0, 9)))
    both = service(SpreadPrompts(scene, (click(), click("blue", 1, positive=False)), times=(0, 9)))
    np.testing.assert_array_equal(alone.levels, both.levels)


REFUSED = {
    "negative": ((click(positive=False),), (0,), "No positive prompt"),
    "words": ((Prompt("text", text="ball"),), (0,), "Words have no place"),
    "many": ((click(),), tuple(range(65)), "65 times up to 64 steps are too many"),
    "long": ((click(),), (0, 10**9), "are too many"),
    "none": ((click(),), (), "are not steps"),
    "before": ((click(),), (-1,), "are not steps"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_played_is_refused(service, made, what):
    prompts, times, message = REFUSED[what]
    scene = opened(service, made).scene
    with pytest.raises(EngineError, match=message) as refused:
        service(SpreadPrompts(scene, prompts, times=times))
    assert refused.value.kind == "bad_input"
