"""Part or whole, and unsure guesses: chosen at once, without the engine, as one undo step."""

import bpy
import numpy as np
import pytest

from engines import STAND_IN, engine_by
from extension import blender_module
from looks import click, heap, scene
from ludvig_engine.wire.methods import Segment

attributes = blender_module("ludvig_blender.data.attributes")
link = blender_module("ludvig_blender.engine.link")
readings = blender_module("ludvig_blender.data.readings")
segments = blender_module("ludvig_blender.data.segments")
solve = blender_module("ludvig_blender.engine.solve")
splats = blender_module("ludvig_blender.data.splats")
subject = blender_module("ludvig_blender.engine.subject")
answer = blender_module("ludvig_blender.ui.answer")
tools = blender_module("ludvig_blender.ui.tools")


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    """Its readings of a click are half of a heap (-1), a heap (0), and everything (1)."""
    with engine_by(*STAND_IN):
        yield


@pytest.fixture
def clicked():
    thing = scene()
    click(thing, 0)
    return thing


def own(thing):
    return thing.ludvig.segments[0]


def sizes(thing):
    """How many splats are selected, and how many belong to the segment."""
    return int(splats.selection(thing.data).sum()), int(segments.mask(thing, own(thing)).sum())


def no_engine(monkeypatch):
    monkeypatch.setattr(link, "running", lambda: pytest.fail("the engine was asked"))


def test_larger_and_smaller_ask_no_engine(clicked, monkeypatch):
    no_engine(monkeypatch)
    assert readings.steps(own(clicked)) == [-1, 0, 1] and own(clicked).reading == 0
    before = segments.scores(clicked, own(clicked))
    assert bpy.ops.ludvig.larger() == {"FINISHED"}
    assert sizes(clicked) == (180, 180) and answer.place(own(clicked)) == "3 of 3"
    with pytest.raises(RuntimeError, match="largest thing around your click"):
        bpy.ops.ludvig.larger()
    bpy.ops.ludvig.smaller()
    np.testing.assert_array_equal(segments.mask(clicked, own(clicked)), heap(0))
    np.testing.assert_allclose(segments.scores(clicked, own(clicked)), before, atol=1e-5)
    bpy.ops.ludvig.smaller()
    assert (
        sizes(clicked) == (30, 30) and not (segments.mask(clicked, own(clicked)) & ~heap(0)).any()
    )
    with pytest.raises(RuntimeError, match="smallest thing around your click"):
        bpy.ops.ludvig.smaller()


def test_switching_is_one_step_of_undo():
    thing = scene()
    bpy.ops.ed.undo_push(message="before")
    click(thing, 0)
    bpy.ops.ludvig.larger("EXEC_DEFAULT", True)
    assert sizes(thing) == (180, 180)
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    assert sizes(thing) == (60, 60) and own(thing).reading == 0
    bpy.ops.ed.redo()
    thing = bpy.data.objects["splats"]
    assert sizes(thing) == (180, 180) and own(thing).reading == 1


def test_hidden_splats_stay_unselected(clicked):
    segments.hide(clicked, heap(2))
    bpy.ops.ludvig.larger()
    assert sizes(clicked) == (120, 180)


def asked(monkeypatch, do):
    """The request that an operator makes."""
    requests, ask = [], subject.Subject.ask

    def noted(self, request, **more):
        requests.append(request)
        return ask(self, request, **more)

    monkeypatch.setattr(subject.Subject, "ask", noted)
    do()
    (request,) = requests
    return request(bpy.context.object)  # made of the splats that are there when it is sent


def test_a_correction_says_which_reading_was_shown(clicked, monkeypatch):
    bpy.ops.ludvig.smaller()
    request = asked(monkeypatch, lambda: click(clicked, 1, mode="REMOVE"))
    assert request.reading == -1 and [one.reading for one in request.prompts] == [0, -1]
    assert own(clicked).reading == -1
    click(clicked, 1)
    assert own(clicked).reading == 0, "a new first click is read as it is most likely meant"


def test_another_first_prompt_is_read_anew(clicked):
    click(clicked, 1, mode="ADD")
    bpy.ops.ludvig.larger()
    click(clicked, 2, mode="ADD")
    assert [prompt.reading for prompt in own(clicked).prompts] == [0, 0, 1]
    bpy.ops.ludvig.prompt_remove(index=2)
    assert own(clicked).reading == 1
    bpy.ops.ludvig.prompt_remove(index=0)
    assert own(clicked).reading == 0 and [p.reading for p in own(clicked).prompts] == [0]


def test_whatever_else_writes_scores_settles_it(clicked):
    segments.assign(clicked, own(clicked), heap(1))
    assert not readings.steps(own(clicked))
    assert not [name for name in attributes.names(clicked.data) if "levels" in name]
    with pytest.raises(RuntimeError, match="only one answer"):
        bpy.ops.ludvig.larger()


def test_deleted_splats_take_their_levels_along(clicked):
    splats.set_selection(clicked.data, heap(2))
    bpy.ops.ludvig.delete()
    bpy.ops.ludvig.larger()
    assert sizes(clicked) == (120, 120)


def unsure(thing, note="No such thing.", guess=0.3):
    scores = np.where(heap(1), 0.4, 0.1).astype(np.float32)
    return Segment(scores, scores > 1, 1.0, "colour", {}, {}, (note,), found=False, guess=guess)


def test_a_guess_is_selected_only_on_demand():
    thing = scene()
    segment = segments.add(thing)
    solve._write(thing, segment, unsure(thing))
    assert sizes(thing) == (0, 0) and segment.guess == pytest.approx(0.3)
    bpy.ops.ludvig.guess()
    np.testing.assert_array_equal(splats.selection(thing.data), heap(1))
    assert segment.guess == -1 and segment.threshold == pytest.approx(0.3)
    with pytest.raises(RuntimeError, match="no guess"):
        bpy.ops.ludvig.guess()


def test_a_guess_of_nothing_is_none():
    thing = scene()
    segment = segments.add(thing)
    solve._write(thing, segment, unsure(thing, guess=0.9))
    assert segment.guess == -1


def test_the_tools_have_keys_that_leave_navigation_alone():
    for tool in tools.TOOLS:
        keys = {(name, key["type"]): key for name, key, _ in tool.bl_keymap}
        for name, kinds in (
            ("ludvig.larger", ("WHEELUPMOUSE", "PAGE_UP")),
            ("ludvig.smaller", ("WHEELDOWNMOUSE", "PAGE_DOWN")),
        ):
            wheel, page = (keys[name, kind] for kind in kinds)
            assert wheel["alt"] and not {"ctrl", "shift"} & set(wheel) and "alt" not in page
