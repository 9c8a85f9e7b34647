"""Clicks, lines, boxes and words from scripts mean the same from every camera.

Errors say what to do.
"""

import os
import threading
import time

import bpy
import numpy as np
import pytest

from engines import STAND_IN, engine_by
from extension import blender_module
from looks import CENTERS, WORLDS, camera_at, click, heap, middle, pixel_of, scene

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")
engine_module = blender_module("ludvig_blender.engine.link")


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


def message():
    return bpy.context.window_manager.ludvig.text


def actions():
    return [fix.action for fix in bpy.context.window_manager.ludvig.fixes]


def selected(thing, *numbers):
    """Whether exactly these heaps are selected."""
    expected = (
        np.any([heap(n) for n in numbers], axis=0) if numbers else np.zeros(len(heap(0)), bool)
    )
    return np.array_equal(splats.selection(thing.data), expected)


@pytest.mark.parametrize("number", range(3))
def test_click(number):
    thing = scene()
    assert click(thing, number) == {"FINISHED"}
    assert selected(thing, number)
    (segment,) = thing.ludvig.segments
    assert (segment.name, segment.attribute) == ("Segment", "ludvig_Segment")
    scores = attributes.get(thing.data, "ludvig_Segment")
    np.testing.assert_array_equal(scores > segment.threshold, heap(number))
    assert segment.note == "As told."
    assert not message()


@pytest.mark.parametrize("ortho", [False, True], ids=["perspective", "orthographic"])
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("place", [(1, -2, -12), (-9, 3, 5), (8, -9, 1)])
def test_from_anywhere(world, ortho, place):
    thing = scene(world)
    camera_at(thing, place, ortho=ortho)
    click(thing, 2)
    assert selected(thing, 2)


def test_add_and_remove():
    thing = scene()
    click(thing, 0)
    click(thing, 1, mode="ADD")
    assert selected(thing, 0, 1)
    click(thing, 0, mode="REMOVE")
    assert selected(thing, 1)
    (segment,) = thing.ludvig.segments
    assert [(p.kind, p.positive) for p in segment.prompts] == [
        ("CLICK", True),
        ("CLICK", True),
        ("CLICK", False),
    ]
    bpy.ops.ludvig.prompt_remove(index=2)
    assert selected(thing, 0, 1)
    click(thing, 2)
    assert selected(thing, 2)
    assert len(segment.prompts) == 1
    bpy.ops.ludvig.prompt_remove(index=-1)
    assert selected(thing)
    assert segment.attribute not in thing.data.attributes


def test_prompts_from_two_views_of_a_moved_object():
    thing = scene()
    click(thing, 0)
    thing.location = 4, 5, 6
    bpy.context.view_layer.update()
    camera_at(thing, (-9, 3, 5))
    click(thing, 1, mode="ADD")
    assert selected(thing, 0, 1)


def test_another_camera_by_name():
    thing = scene()
    other = camera_at(thing, (8, -9, 1), name="Other")
    bpy.context.scene.camera = None
    place = pixel_of(thing, middle(1), other)
    bpy.ops.ludvig.click(camera="Other", pixels=place)
    assert selected(thing, 1)


def test_changed_prompts_are_solved_again():
    thing = scene()
    click(thing, 0)
    click(thing, 1, mode="ADD")
    thing.ludvig.segments[0].prompts[0].positive = False
    bpy.ops.ludvig.solve()
    assert selected(thing, 1)


def test_changing_a_prompt_is_one_step_of_undo():
    thing = scene()
    bpy.ops.ed.undo_push(message="before")
    click(thing, 0)
    click(thing, 1, mode="ADD")
    bpy.ops.ludvig.prompt_change("EXEC_DEFAULT", True, index=0)
    assert selected(thing, 1)
    bpy.ops.ludvig.prompt_change("EXEC_DEFAULT", True, index=1, what="THROUGH")
    assert [(p.positive, p.through) for p in thing.ludvig.segments[0].prompts] == [
        (False, False),
        (True, True),
    ]
    bpy.ops.ed.undo()
    assert not bpy.data.objects["splats"].ludvig.segments[0].prompts[1].through
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    assert selected(thing, 0, 1)
    assert [p.positive for p in thing.ludvig.segments[0].prompts] == [True, True]
    bpy.ops.ed.redo()
    thing = bpy.data.objects["splats"]
    assert selected(thing, 1)
    assert [p.positive for p in thing.ludvig.segments[0].prompts] == [False, True]
    with pytest.raises(RuntimeError, match="no prompt 7: the segment has 2"):
        bpy.ops.ludvig.prompt_change(index=7)


def test_scribble_and_box():
    thing = scene()
    line = " ".join(pixel_of(thing, p) for p in (middle(0), middle(1)))
    bpy.ops.ludvig.scribble(pixels=f"-50 10000 {line}", radius=4)
    assert selected(thing, 0, 1)
    x, y = map(float, pixel_of(thing, CENTERS[2]).split())
    bpy.ops.ludvig.box(pixels=f"{x + 30} {y - 30} {x - 30} {y + 30}", depth="THROUGH")
    assert selected(thing, 2)
    assert thing.ludvig.segments[0].prompts[0].through


def test_segment_by_name():
    thing = scene()
    click(thing, 0, segment="left")
    click(thing, 1, segment="right")
    click(thing, 2, segment="left", mode="ADD")
    np.testing.assert_array_equal(
        segments.mask(thing, thing.ludvig.segments["left"]), heap(0) | heap(2)
    )
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments["right"]), heap(1))


def test_one_click_is_one_step_of_undo():
    scene()
    bpy.ops.ed.undo_push(message="before")
    click(bpy.context.object, 0)
    click(bpy.context.object, 1, mode="ADD")
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    assert selected(thing, 0)
    assert len(thing.ludvig.segments[0].prompts) == 1
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    assert selected(thing)
    assert not thing.ludvig.segments
    bpy.ops.ed.redo()
    bpy.ops.ed.redo()
    thing = bpy.data.objects["splats"]
    assert selected(thing, 0, 1)
    assert len(thing.ludvig.segments[0].prompts) == 2


def test_grow_and_shrink_follow_the_segment():
    thing = scene()
    click(thing, 0)
    splats.set_selection(thing.data, heap(0) & (np.arange(180) < 40))
    bpy.ops.ludvig.segment_assign()
    whole = splats.selection(thing.data)
    bpy.ops.ludvig.shrink(hops=1)
    less = splats.selection(thing.data)
    assert less.sum() < whole.sum() == 40
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), less)
    bpy.ops.ludvig.grow(hops=3)
    more = splats.selection(thing.data)
    assert (more >= less).all()
    assert more.sum() > less.sum()
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), more)
    one = np.zeros(len(more), bool)
    one[0] = True
    splats.set_selection(thing.data, one)
    bpy.ops.ludvig.grow()
    assert splats.selection(thing.data).sum() > 1
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), more)


def test_all_segments():
    thing = scene()
    bpy.ops.ludvig.segments_auto()
    found = [segments.mask(thing, segment) for segment in thing.ludvig.segments]
    assert sorted(mask.sum() for mask in found) == [60, 120]
    assert not (found[0] & found[1]).any()
    thing.ludvig.granularity = 1
    assert [segments.mask(thing, segment).sum() for segment in thing.ludvig.segments] == [60] * 3


BAD = {
    "off the object": (lambda thing: bpy.ops.ludvig.click(pixels="5 5"), "No splat is visible"),
    "outside the view": (
        lambda thing: bpy.ops.ludvig.click(pixels="-5 5"),
        "outside the view of 640 x 480",
    ),
    "no place": (lambda thing: bpy.ops.ludvig.click(), "needs a place"),
    "no pixels": (lambda thing: bpy.ops.ludvig.click(pixels="5 5 5"), "is not a list of pixels"),
    "no camera": (lambda thing: click(thing, 0, camera="nobody"), 'no camera "nobody"'),
    "a point of a box": (lambda thing: bpy.ops.ludvig.box(pixels="5 5"), "needs two corners"),
    "an empty box": (lambda thing: bpy.ops.ludvig.box(pixels="5 5 5 5"), "less than 4 pixels"),
    "empty text": (lambda thing: bpy.ops.ludvig.text(text="  "), "There are no words"),
    "text, unavailable": (lambda thing: bpy.ops.ludvig.text(text="pot"), "No words here"),
}


@pytest.mark.parametrize(("act", "says"), BAD.values(), ids=BAD)
def test_bad_input(act, says, capfd):
    thing = scene()
    click(thing, 0)
    with pytest.raises(RuntimeError, match=says):
        act(thing)
    assert says in message()
    assert bpy.context.window_manager.ludvig.fixes
    assert selected(thing, 0)
    assert len(thing.ludvig.segments) == 1
    assert "Traceback" not in "".join(capfd.readouterr())
    click(thing, 1)
    assert selected(thing, 1)
    assert not message()


def test_uneven_object():
    thing = scene()
    thing.scale = 1, 2, 1
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="same scale on all axes"):
        click(thing, 0)
    assert not thing.ludvig.segments


def test_only_in_object_mode():
    thing = scene()
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="poll"):
        click(thing, 0)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_no_splats():
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.click(pixels="5 5")


def test_deleted_while_it_is_looked_for(capfd):
    thing = scene()
    segment = segments.add(thing)
    prompts, solve = (
        blender_module("ludvig_blender.data.prompts"),
        blender_module("ludvig_blender.engine.solve"),
    )
    prompts.add(segment, "TEXT", positive=True, text="pot")
    task = solve.start(thing, segment, "Click")
    bpy.data.objects.remove(thing)
    with pytest.raises(Exception, match='"splats" is gone'):
        engine_module.wait(task)
    assert "is gone" in message()
    assert "Traceback" not in "".join(capfd.readouterr())


def test_engine_killed_at_work(capfd):
    """The prompts and the earlier result stay; one button computes the result again."""
    thing = scene()
    click(thing, 0)
    with engine_by(*STAND_IN, environment={"LUDVIG_SLOW": "20"}) as engine:

        def kill():
            while not (connection := engine.connection()):
                time.sleep(0.01)
            time.sleep(0.3)
            os.kill(connection.client.process.pid, 9)

        threading.Thread(target=kill).start()
        with pytest.raises(RuntimeError, match="The engine has stopped"):
            click(thing, 1, mode="ADD")
    assert "has stopped" in message() and "restart_engine" in actions()
    assert selected(thing, 0)
    assert len(thing.ludvig.segments[0].prompts) == 2
    assert "Traceback" not in "".join(capfd.readouterr())
    with engine_by(*STAND_IN):
        bpy.ops.ludvig.solve()
    assert selected(thing, 0, 1) and not message()


def test_no_engine(capfd):
    thing = scene()
    with engine_by("/nowhere/python"), pytest.raises(RuntimeError, match="does not start"):
        click(thing, 0)
    assert "does not start" in message()
    assert len(thing.ludvig.segments[0].prompts) == 1, "nothing that was said is lost"
    assert "Traceback" not in "".join(capfd.readouterr())
    with engine_by(*STAND_IN):
        bpy.ops.ludvig.solve()
    assert selected(thing, 0)
