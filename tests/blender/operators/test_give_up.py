"""An undo while an answer is under way takes back the newest prompt alone."""

import bpy
import numpy as np
import pytest

from acts import click, of_heap, selected, thing
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import pixel_of, scene

link = blender_module("ludvig_blender.engine.link")
solve = blender_module("ludvig_blender.engine.solve")
splats = blender_module("ludvig_blender.data.splats")


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


def places():
    return [prompt.positive for prompt in thing().ludvig.segments[0].prompts]


@pytest.mark.parametrize("ask", ["another click", "a change of the first"])
def test_undo_before_the_answer(ask, monkeypatch):
    scene()
    click()
    assert not bpy.ops.ludvig.give_up.poll(), "there is nothing to give up"
    before = places()
    monkeypatch.setattr(link, "finish", lambda _operator, _task: {"FINISHED"})  # as with a window
    if ask == "another click":
        place = pixel_of(thing(), splats.read(thing().data).means[of_heap(1)][0])
        assert bpy.ops.ludvig.click(pixels=place, mode="REMOVE") == {"FINISHED"}
    else:
        assert bpy.ops.ludvig.prompt_change(index=0, what="POSITIVE") == {"FINISHED"}
    assert places() != before and solve.unanswered()

    assert bpy.ops.ludvig.give_up() == {"PASS_THROUGH"}
    assert not solve.unanswered()
    assert bpy.ops.ed.undo() == {"FINISHED"}
    assert places() == before
    np.testing.assert_array_equal(selected(), of_heap(2))
