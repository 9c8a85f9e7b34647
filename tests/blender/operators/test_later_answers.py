"""With a window, answers arrive long after an operator has ended and Blender has freed it."""

import bpy
import pytest

from acts import choose, thing
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import scene

link = blender_module("ludvig_blender.engine.link")
VERBS = (
    "clean_removal",
    "compute",
    "grow",
    "preview_features",
    "segments_auto",
    "select_floaters",
    "shrink",
)


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


@pytest.mark.parametrize("verb", VERBS)
def test_answers_after_the_operator_has_ended(verb, monkeypatch):
    scene()
    choose()
    tasks = []

    def later(_operator, task):
        tasks.append(task)
        return {"FINISHED"}

    monkeypatch.setattr(link, "finish", later)
    assert getattr(bpy.ops.ludvig, verb)() == {"FINISHED"}
    link.wait(tasks[0])
    assert tasks[0].error is None and not bpy.context.window_manager.ludvig.text
    assert thing() is not None
