"""The engine is started when needed, crashes, is restarted and stopped.

Objects may change while requests about them are under way.
"""

import os
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from waiting import wait_for

import clouds
from engines import STAND_IN, about, engine_by
from extension import blender_module

ECHO = (sys.executable, str(Path(__file__).parents[1] / "support/echo.py"))
SLOW = {"LUDVIG_SLOW": "0.8"}


def methods():
    return blender_module("ludvig_engine.wire.methods")


def click():
    """A request that the stand-in answers, slowly if it is told to."""
    viewmat = np.eye(4)
    viewmat[2, 3] = 10
    K = np.array([[60.0, 0, 32], [0, 60, 32], [0, 0, 1]])
    viewport = methods().Viewport(viewmat, K, 64, 64)
    prompt = methods().Prompt("box", viewport=viewport, pixels=np.float32([[0, 0], [63, 63]]))
    return methods().RunSegment("", (prompt,))


def message():
    return bpy.context.window_manager.ludvig.text


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition):
    assert wait_for(condition, blender_module("ludvig_blender.engine.pump").tick)
    return True


@pytest.fixture
def slow():
    with engine_by(*STAND_IN, environment=SLOW) as engine:
        blender_module("ludvig_blender.data.messages").clear()
        yield engine


def begin(engine, thing, **options):
    """Ask, and return when the engine has begun to work on it."""
    task = about(thing).ask(click(), label="Thinking", **options)
    until(lambda: task.progress is not None)
    return task


def test_starts_when_needed_and_stops_on_demand():
    with engine_by(*STAND_IN) as engine:
        assert engine.state() == "stopped"
        task = about(clouds.splat_object()).ask(click())
        blender_module("ludvig_blender.engine.pump").tick()
        assert engine.state() == "starting"
        answer = engine.wait(task)
        assert engine.state() == "running" and len(answer.scores) == 50
        pid = engine.connection().client.process.pid
        assert alive(pid)
        engine.stop(wait=True)
        assert engine.state() == "stopped" and not alive(pid)


def test_disabling_the_extension_ends_the_engine(slow):
    begin(slow, clouds.splat_object())
    pid = slow.connection().client.process.pid
    pump = blender_module("ludvig_blender.engine.pump")
    slow.unregister()
    assert not alive(pid) and not pump.every()


def test_a_killed_engine_is_told_of_and_starts_again(slow):
    thing = clouds.splat_object()
    task = begin(slow, thing)
    os.kill(slow.connection().client.process.pid, 9)
    until(lambda: task.done)
    assert slow.state() == "crashed"
    assert task.error.kind == "engine_gone" and "stopped" in message()
    assert "restart_engine" in [fix.action for fix in bpy.context.window_manager.ludvig.fixes]
    assert bpy.ops.ludvig.restart_engine() == {"FINISHED"}
    assert slow.state() == "running" and not message()
    assert len(slow.wait(about(thing).ask(click())).scores) == 50


def test_an_engine_that_cannot_start_says_why():
    with engine_by("/nowhere/python") as engine:
        task = engine.ask(methods().MemoryInfo())
        with pytest.raises(blender_module("ludvig_engine.errors").EngineError) as caught:
            engine.wait(task)
        assert caught.value.kind == "not_found" and engine.state() == "stopped"


def test_no_engine_is_told_with_the_button_that_installs_it():
    task = about(clouds.splat_object()).ask(click())
    until(lambda: task.done)
    assert task.error.kind == "not_installed" and "not installed" in message()
    assert bpy.context.window_manager.ludvig.fixes[0].action == "install_engine"


def test_a_deleted_object(slow):
    thing, got = clouds.splat_object(), []
    task = begin(slow, thing, done=lambda *answer: got.append(answer))
    bpy.data.objects.remove(thing)
    until(lambda: task.done)
    assert task.error.kind == "gone" and not got and "is gone" in message()


def test_another_file(slow):
    task = begin(slow, clouds.splat_object())
    bpy.ops.wm.read_homefile(use_empty=True)
    until(lambda: task.done)
    assert task.error.kind == "gone"


def test_a_renamed_object_gets_its_result(slow):
    thing, got = clouds.splat_object(), []
    task = begin(
        slow, thing, done=lambda thing, answer: got.append((thing.name, len(answer.scores)))
    )
    thing.name = "pot"
    until(lambda: task.done)
    assert got == [("pot", 50)] and not message()


def test_a_changed_object_does_not(slow):
    attributes = blender_module("ludvig_blender.data.attributes")
    thing, got = clouds.splat_object(), []
    task = begin(slow, thing, done=lambda *answer: got.append(answer))
    means = attributes.get(thing.data, "position")
    attributes.put(thing.data, "position", "FLOAT_VECTOR", means + 1)
    until(lambda: task.done)
    assert task.error.kind == "changed" and not got and "dropped" in message()


def test_undo_and_redo_while_it_runs(slow):
    """Undo replaces the object: it is found by its number, and gets the result."""
    thing, got = clouds.splat_object(), []
    bpy.ops.ed.undo_push(message="made")
    thing.location.x = 1
    bpy.ops.ed.undo_push(message="moved")
    task = begin(
        slow, thing, done=lambda thing, answer: got.append((thing.location.x, len(answer.scores)))
    )
    del thing
    bpy.ops.ed.undo()
    until(lambda: task.done)
    assert got == [(0.0, 50)], task.error
    task = begin(
        slow, bpy.data.objects["splats"], done=lambda thing, answer: got.append(thing.location.x)
    )
    bpy.ops.ed.redo()
    until(lambda: task.done)
    assert got[1:] == [1.0]


def test_the_newest_request_wins(slow):
    thing, failed = clouds.splat_object(), []
    older = begin(slow, thing, replaces="click", failed=failed.append)
    newer = about(thing).ask(click(), replaces="click")
    assert len(slow.wait(newer).scores) == 50
    assert older.done and [error.kind for error in failed] == ["superseded"]


def test_cancel(slow):
    task = begin(slow, clouds.splat_object())
    assert bpy.ops.ludvig.cancel(number=task.number) == {"FINISHED"}
    until(lambda: task.done)
    assert task.error.kind == "cancelled"
    assert not message()  # nobody has to be told


def test_edited_splats_are_sent_and_answers_are_in_their_order(tmp_path):
    """Splats that equal their file's are opened from it, others are sent; rows follow deletions."""
    splats, attributes = (
        blender_module("ludvig_blender.data.splats"),
        blender_module("ludvig_blender.data.attributes"),
    )
    bpy.ops.ludvig.import_splats(filepath=str(clouds.write_ply(tmp_path / "a.ply")))
    thing = bpy.context.object
    with engine_by(*STAND_IN) as engine:
        chosen = np.arange(50) < 1
        alone = engine.wait(about(thing).ask(methods().GrowSegment("", chosen))).selected
        means = splats.read(thing.data).means
        assert (alone == (np.linalg.norm(means - means[0], axis=1) < 0.5)).all()
        opened = engine.connection().scenes[thing.session_uid]
        assert opened.rows is not None  # read from the file
        means = means[::-1].copy()
        attributes.put(thing.data, "position", "FLOAT_VECTOR", means)
        moved = engine.wait(about(thing).ask(methods().GrowSegment("", chosen))).selected
        assert (moved == (np.linalg.norm(means - means[0], axis=1) < 0.5)).all()
        assert engine.connection().scenes[thing.session_uid].rows is None  # sent


def test_asking_reads_one_attribute_a_step(monkeypatch):
    """Another thread prepares the memory, so that Blender is never blocked for long."""
    tasks = blender_module("ludvig_blender.engine.tasks")
    attributes = blender_module("ludvig_blender.data.attributes")
    thing = clouds.splat_object(clouds.gaussians(1000, degree=3))
    read, steps = [], []
    get, step = attributes.get, tasks.Task.step

    def noted(geometry, name, memory=None):
        read.append((name, memory is not None))
        return get(geometry, name, memory)

    def counted(task):
        before = len(read)
        step(task)
        steps.append(len(read) - before)

    with engine_by(*ECHO):
        monkeypatch.setattr(attributes, "get", noted)
        monkeypatch.setattr(tasks.Task, "step", counted)
        task = about(thing).ask(methods().GrowSegment("", np.zeros(1000, bool), hops=0))
        until(lambda: task.done)
    assert task.error is None, task.error
    assert {"position", "rotation", "radiance:sh_0", "radiance:sh_14"} <= {name for name, _ in read}
    assert all(prepared for _, prepared in read)
    assert max(steps) == 1
