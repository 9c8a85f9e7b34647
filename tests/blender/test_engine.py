"""The engine's life: started when needed, crashed, restarted, stopped; requests about objects that change meanwhile."""

import os
import sys
import time
from pathlib import Path

import bpy
import numpy as np
import pytest

import clouds
from engines import STAND_IN, about, engine_by
from extension import blender_module

ECHO = (sys.executable, str(Path(__file__).with_name("echo.py")))
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


def until(condition, seconds=10.0):
    pump, end = blender_module("ludvig_blender.engine.pump"), time.monotonic() + seconds
    while not condition():
        pump.tick()
        time.sleep(0.002)
        assert time.monotonic() < end
    return True


@pytest.fixture
def slow():
    with engine_by(*STAND_IN, environment=SLOW) as engine:
        blender_module("ludvig_blender.data.messages").clear()
        yield engine


def begin(engine, thing, **options):
    """Ask, and return when the engine is at it."""
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
    assert task.error.kind == "gone" and not got and "no longer there" in message()


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
    """The object comes back as another: found again by its number, and the result is written into what is there."""
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
    begun = time.monotonic()
    assert bpy.ops.ludvig.cancel(number=task.number) == {"FINISHED"}
    until(lambda: task.done)
    assert task.error.kind == "cancelled" and time.monotonic() - begun < 1
    assert not message()  # nobody has to be told


def test_edited_splats_are_sent_and_answers_are_in_their_order(tmp_path):
    """From the file as long as they are the file's; afterwards as they are; and rows follow deleted splats."""
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


def stalls(engine, thing):
    """The longest tick of asking about an object twice, in s: of the wall clock and of this thread."""
    pump = blender_module("ludvig_blender.engine.pump")
    longest = np.zeros(2)
    for _ in range(2):
        task = about(thing).ask(
            methods().GrowSegment("", np.zeros(len(thing.data.points), bool), hops=0)
        )
        while not task.done:
            begun = time.perf_counter(), time.thread_time()
            pump.tick()
            longest = np.maximum(
                longest, (time.perf_counter() - begun[0], time.thread_time() - begun[1])
            )
            time.sleep(0.001)
        assert task.error is None, task.error
    return longest


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_main_thread_stalls(count, record_property):
    """None over 10 ms for 100,000 splats, those of a million are told. Other programs here may take the processor."""
    thing = clouds.splat_object(clouds.gaussians(count, degree=3))
    best = np.full(2, np.inf)
    for _ in range(4):
        with engine_by(*ECHO) as engine:
            best = np.minimum(best, stalls(engine, thing))
        if best[1] < 0.01:
            break
    wall, own = best * 1000
    record_property("stall_ms", own)
    print(
        f"{count:,} splats on {bpy.app.version_string}: longest tick {wall:.1f} ms, {own:.1f} ms of this thread"
    )
    assert count > 100_000 or own < 10
