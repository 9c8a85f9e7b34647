"""A prompt that has not changed is not drawn again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.scene import Scene, View
from ludvig_engine.service import canvas
from ludvig_engine.service.canvas import read_prompts
from ludvig_engine.service.drawn import Drawn
from ludvig_engine.wire.methods import Prompt, Viewport
from scenes import look_at, random_gaussians

CAMERA = look_at((4, 0, 0), size=(120, 90), focal=100)


@pytest.fixture
def scene():
    views = (View("a.jpg", CAMERA, photo_size=(480, 360)),)
    return Scene(random_gaussians(50), np.arange(50), 50, views)


@pytest.fixture
def times(monkeypatch):
    """How often a prompt has been drawn, as the length of a list."""
    made = []
    draw = canvas._paint
    monkeypatch.setattr(canvas, "_paint", lambda *given: made.append(1) or draw(*given))
    return made


def click(x, **more):
    return Prompt("click", view="a", pixels=np.array([[x, 100]], np.float32), **more)


MASK = np.zeros((360, 480), bool)
MASK[100:200, 100:200] = True


def test_each_click_draws_only_itself(scene, times):
    drawn, prompts = Drawn(), [click(100 + n) for n in range(20)]
    for count in range(1, 21):
        paints, _ = read_prompts(scene, prompts[:count], None, drawn)
        assert len(times) == count
    afresh, _ = read_prompts(scene, prompts)
    assert [paint.key for paint in paints] == [paint.key for paint in afresh]


OTHERS = [
    click(101),
    click(100, positive=False),
    click(100, through=True),
    click(100, radius=9.0),
    click(100, reading=1),
    Prompt("scribble", view="a", pixels=np.array([[100, 100], [150, 100]], np.float32)),
    Prompt("scribble", view="a", mask=MASK),
    Prompt("mask", view="a", mask=MASK),
    Prompt("mask", view="a", mask=~MASK),
    Prompt(
        "click",
        viewport=Viewport(CAMERA.viewmat, CAMERA.K, 120, 90),
        pixels=np.array([[50, 50]], np.float32),
    ),
    Prompt(
        "click",
        viewport=Viewport(look_at((4, 1, 0)).viewmat, CAMERA.K, 120, 90),
        pixels=np.array([[50, 50]], np.float32),
    ),
]


def test_no_other_prompt_is_taken_for_it(scene, times):
    drawn = Drawn()
    for _ in range(2):
        paints, _ = read_prompts(scene, [click(100), *OTHERS], None, drawn)
    assert len(times) == 12 == len({paint.key for paint in paints})


def test_what_was_hidden_is_a_part_of_it(scene, times):
    drawn, shown = Drawn(), np.ones((50, 1), bool)
    hidden = shown.copy()
    hidden[7] = False
    for visible in (None, shown, hidden, None, hidden):
        ((paint,), _) = read_prompts(scene, [click(100)], visible, drawn)
        assert (paint.visible is None) == (visible is None)
        assert visible is None or np.array_equal(paint.visible, scene.from_file(visible)[:, 0])
    assert len(times) == 3


def test_the_oldest_goes_when_there_is_too_much(scene, times):
    masks = [replace(OTHERS[7], mask=np.roll(MASK, n, 1)) for n in range(4)]
    drawn = Drawn(limit=3 * 2 * 4 * 120 * 90)  # three masks, each of two images
    read_prompts(scene, masks, None, drawn)
    read_prompts(scene, masks[1:], None, drawn)
    assert len(times) == 4
    read_prompts(scene, masks[:1], None, drawn)
    assert len(times) == 5
