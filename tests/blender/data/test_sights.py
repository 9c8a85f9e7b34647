"""Hidden splats neither block a prompt nor get selected.

A prompt is about what was shown when it was made.
"""

import bpy
import numpy as np
import pytest

from engines import STAND_IN, engine_by
from extension import blender_module
from looks import CENTERS, camera_at, click, heap, pixel_of, scene

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
sights = blender_module("ludvig_blender.data.sights")
attributes = blender_module("ludvig_blender.data.attributes")


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


def one_behind_the_other():
    """The heaps, seen from where the red one covers the green one."""
    thing = scene()
    camera_at(thing, 4 * CENTERS[0] - 3 * CENTERS[1])
    bpy.ops.ed.undo_push(message="before")
    return thing


def click_on_both(thing, **options):
    bpy.ops.ludvig.click("EXEC_DEFAULT", True, pixels=pixel_of(thing, CENTERS[1]), **options)


def selected(thing):
    return [number for number in range(3) if (splats.selection(thing.data) == heap(number)).all()]


def kept(thing):
    return [
        name for name in attributes.names(thing.data, "BOOLEAN") if name.startswith(sights.PREFIX)
    ]


def test_a_click_goes_through_what_is_hidden():
    thing = one_behind_the_other()
    click_on_both(thing)
    assert selected(thing) == [0]
    bpy.ops.ludvig.hide()
    click_on_both(thing)
    assert selected(thing) == [1]
    bpy.ops.ludvig.show()
    assert selected(thing) == [1]
    click_on_both(thing)
    assert selected(thing) == [0]


def test_a_prompt_means_what_was_shown_then():
    thing = one_behind_the_other()
    splats.set_selection(thing.data, heap(0))
    bpy.ops.ludvig.hide()
    click_on_both(thing)
    bpy.ops.ludvig.show()
    assert len(kept(thing)) == 1
    bpy.ops.ludvig.solve()
    assert selected(thing) == [1]
    camera_at(thing, (1, -2, -12))
    click(thing, 2, mode="ADD")
    np.testing.assert_array_equal(splats.selection(thing.data), heap(1) | heap(2))
    splats.set_selection(thing.data, heap(2))
    bpy.ops.ludvig.delete("EXEC_DEFAULT", True)  # and rows of what was hidden follow
    bpy.ops.ludvig.prompt_remove(index=1)
    np.testing.assert_array_equal(splats.selection(thing.data), heap(1)[:120])


def test_what_no_prompt_needs_is_dropped():
    thing = one_behind_the_other()
    splats.set_selection(thing.data, heap(0))
    bpy.ops.ludvig.hide()
    click_on_both(thing)
    click_on_both(thing, mode="ADD")
    first = kept(thing)
    assert len(first) == 1, "the same sight is kept once"
    splats.set_selection(thing.data, heap(2))
    bpy.ops.ludvig.hide()
    click_on_both(thing, mode="ADD")
    assert len(kept(thing)) == 2
    bpy.ops.ludvig.show()
    click_on_both(thing)
    assert not kept(thing)


def test_undo():
    one_behind_the_other()
    thing = bpy.context.object
    splats.set_selection(thing.data, heap(0))
    bpy.ops.ludvig.hide("EXEC_DEFAULT", True)
    click_on_both(thing)
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    assert not kept(thing) and not thing.ludvig.segments
    bpy.ops.ed.redo()
    thing = bpy.data.objects["splats"]
    assert len(kept(thing)) == 1 and selected(thing) == [1]


def test_hidden_splats_are_not_selected():
    thing = scene()
    click(thing, 0)
    some = heap(0) & (np.arange(180) < 20)
    segments.hide(thing, some)
    np.testing.assert_array_equal(splats.selection(thing.data), heap(0) & ~some)
    bpy.ops.ludvig.segment_select()
    np.testing.assert_array_equal(splats.selection(thing.data), heap(0) & ~some)
    thing.ludvig.segments[0].threshold = 0.4
    np.testing.assert_array_equal(splats.selection(thing.data), heap(0) & ~some)
    bpy.ops.ludvig.shrink()
    assert not (splats.selection(thing.data) & some).any()
    assert (segments.mask(thing, thing.ludvig.segments[0]) >= some).all(), (
        "those that nobody saw still belong to it"
    )
    bpy.ops.ludvig.delete("EXEC_DEFAULT", True)
    assert segments.hidden(thing).sum() == 20
