"""Answers from some of the photos, and those from all that follow them."""

import bpy
import numpy as np
import pytest
from waiting import wait_for

from acts import choose, click, of_heap, selected, thing
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import pixel_of, scene

pump = blender_module("ludvig_blender.engine.pump")
segments = blender_module("ludvig_blender.data.segments")
solve = blender_module("ludvig_blender.engine.solve")
splats = blender_module("ludvig_blender.data.splats")
NOTE = "As told. From 1 of 4 photos so far."


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    """Answers take a while, so that something can happen before they arrive."""
    with engine_by(*STAND_IN, environment={"LUDVIG_EARLY": "1", "LUDVIG_SLOW": "0.2"}):
        yield


@pytest.fixture(autouse=True)
def with_a_window(monkeypatch):
    monkeypatch.setattr(solve, "EARLY", True)
    scene()
    bpy.ops.ed.undo_push(message="opened")
    yield
    solve._early.clear()
    finish()


def finish():
    """Let all that was begun end, and what it begins."""
    assert wait_for(lambda: not solve.unanswered() and not solve.again(), pump.tick)


def segment(number=0):
    return thing().ludvig.segments[number]


def best(number=0):
    """The highest score, which is lower in early answers."""
    return float(segments.scores(thing(), segment(number)).max())


def test_the_final_answer_follows_as_a_step_of_its_own():
    click(2)
    assert segment().note == NOTE and best() == pytest.approx(0.9)
    assert len(solve.again()) == 1 and not solve.unanswered()
    finish()
    assert segment().note == "As told." and best() == 1
    np.testing.assert_array_equal(selected(), of_heap(2))
    bpy.ops.ed.undo()
    assert segment().note == NOTE and best() == pytest.approx(0.9)


def test_a_script_gets_the_final_answer_alone(monkeypatch):
    monkeypatch.setattr(solve, "EARLY", False)
    click(2)
    assert segment().note == "As told." and not solve.again()


def test_another_prompt_comes_first():
    click(2)
    place = pixel_of(thing(), splats.read(thing().data).means[of_heap(1)][0])
    bpy.ops.ludvig.click("EXEC_DEFAULT", True, pixels=place, segment="Other")
    assert (segment(0).note, segment(1).note) == (NOTE, NOTE)
    finish()
    assert (segment(0).note, segment(1).note) == ("As told.", "As told.")
    assert best(0) == best(1) == 1


def test_a_further_click_replaces_what_is_found_again():
    click(2)
    click(1, mode="ADD")
    assert len(segment().prompts) == 2 and segment().note == NOTE
    finish()
    assert segment().note == "As told."
    np.testing.assert_array_equal(selected(), of_heap(1) | of_heap(2))


@pytest.mark.parametrize("change", ["threshold", "assigned", "removed", "deleted", "undone"])
def test_what_the_user_changes_meanwhile_stays(change):
    click(2)
    if change == "threshold":
        segment().threshold = 0.25
    elif change == "assigned":
        choose()
        bpy.ops.ludvig.segment_assign()
    elif change == "removed":
        bpy.ops.ludvig.segment_remove()
    elif change == "deleted":
        choose()
        bpy.ops.ludvig.delete()
    else:
        bpy.ops.ed.undo()
    before = [(one.note, one.threshold, len(one.prompts)) for one in thing().ludvig.segments]
    finish()
    after = [(one.note, one.threshold, len(one.prompts)) for one in thing().ludvig.segments]
    assert after == before and not solve._early
    assert not bpy.context.window_manager.ludvig.text


def test_a_reading_chosen_meanwhile_is_kept():
    click(2)
    bpy.ops.ludvig.larger()
    assert segment().reading == 1 and selected().all()
    finish()
    assert segment().note == "As told." and segment().reading == 1
    assert selected().all()
    bpy.ops.ludvig.smaller()
    np.testing.assert_array_equal(selected(), of_heap(2))
    assert best() == 1


def test_canceled_it_is_not_found_again():
    click(2)
    solve.again()[0].cancel()
    pump.tick()
    finish()
    assert segment().note == NOTE and not solve._early
