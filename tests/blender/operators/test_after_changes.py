"""Every verb after every change of the number or the order of splats: a table of pairs.

The engine has opened the object before the change, and must be asked about what is there now.
"""

import bpy
import numpy as np
import pytest

from acts import FEW, choose, click, hidden, of_heap, selected, thing
from edits import CHANGES
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import SIZE, camera_at, heaps
from verbs import VERBS

segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")
pump = blender_module("ludvig_blender.engine.pump")
solve = blender_module("ludvig_blender.engine.solve")
# No undo reaches back into another file.
UNDOABLE = [change for change in CHANGES if change != "reload"]


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


@pytest.mark.parametrize("some_hidden", [False, True], ids=["all shown", "some hidden"])
@pytest.mark.parametrize("change", CHANGES)
def test_verbs_after(change, some_hidden, tmp_path):
    for verb in VERBS:
        prepare(tmp_path, some_hidden=some_hidden)
        CHANGES[change](str(tmp_path / "scene.blend"))
        verb()


@pytest.mark.parametrize("change", UNDOABLE)
def test_verbs_after_undoing(change, tmp_path):
    for verb in VERBS:
        prepare(tmp_path, some_hidden=True)
        before, name = state(thing()), thing().name
        CHANGES[change]("")
        while not (thing() == bpy.data.objects[name] and same(state(thing()), before)):
            assert bpy.ops.ed.undo() == {"FINISHED"}
        verb()


@pytest.mark.parametrize("ticks", [0, 1, 5, 20])
def test_changed_while_the_engine_opens_them(ticks, tmp_path):
    """What was asked is meant of the splats that are there when the engine has opened them."""
    begin(tmp_path, some_hidden=True)
    click()
    with engine_by(*STAND_IN) as engine:
        task = solve.start(thing(), thing().ludvig.segments[0], "Click")
        for _ in range(ticks):
            pump.tick()
        choose()
        bpy.ops.ludvig.delete()
        engine.wait(task)
    np.testing.assert_array_equal(selected(), of_heap(2) & ~hidden())


def prepare(tmp_path, *, some_hidden):
    """Splats that the engine knows, a few of them selected."""
    if not bpy.data.pointclouds or not enough():
        begin(tmp_path, some_hidden=some_hidden)
    click()
    choose()


def enough():
    """Whether there are still enough splats for a change and a verb."""
    return (of_heap(2) & ~hidden()).sum() >= 3 * FEW and (of_heap(0) & ~hidden()).any()


def state(one):
    return {name: attributes.get(one.data, name) for name in attributes.names(one.data)}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def begin(tmp_path, *, some_hidden):
    """The heaps as an object whose file the engine can open."""
    bpy.ops.wm.read_homefile(use_empty=True)
    source = tmp_path / "heaps.ply"
    blender_module("ludvig_engine.io.ply").write_ply(source, heaps())
    bpy.ops.ludvig.import_splats(filepath=str(source))
    thing().matrix_world.identity()
    camera_at(thing(), (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480
    if some_hidden:
        segments.hide(thing(), np.arange(3 * SIZE) % 4 == 1)
    bpy.ops.ed.undo_push(message="begun")
