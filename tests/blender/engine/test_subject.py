"""Requests about an object whose engine died or forgot the scene, or whose files changed."""

import os
import shutil
from dataclasses import replace

import bpy
import numpy as np
import pytest
from waiting import wait_for

import clouds
from demo_scene import click, demo, opened
from engines import about, engine_by, real_engine
from extension import blender_module

splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
methods = blender_module("ludvig_engine.wire.methods")


@pytest.fixture(scope="module")
def engine(features_cache):
    with engine_by(*real_engine(), environment=features_cache) as engine:
        yield engine


def six_photos(tmp_path):
    """A copy of the demo scene with six of its photos, opened; its folder and what is in it."""
    path, views, things = demo()
    folder = shutil.copytree(views, tmp_path / "scene")
    for unneeded in sorted((folder / "images").iterdir())[6:]:
        unneeded.unlink()
    return folder, *opened(lambda: (folder / path.name, folder, things))


def grow(engine, thing):
    """The neighbors of the first splat."""
    request = methods.GrowSegment("", np.arange(len(thing.data.points)) < 1)
    return engine.wait(about(thing).ask(request)).selected


def message():
    return bpy.context.window_manager.ludvig.text


def test_killed_between_two_clicks(engine, tmp_path):
    _, thing, things = six_photos(tmp_path)
    name = next(iter(things))
    segment = click(thing, name, things)
    found = splats.selection(thing.data)
    client = engine.connection().client
    os.kill(client.process.pid, 9)
    assert wait_for(lambda: client.error)
    assert engine.state() == "crashed"
    click(thing, name, things)
    assert engine.state() == "running" and not message()
    np.testing.assert_array_equal(splats.selection(thing.data), found)
    assert len(segment.prompts) == 1


@pytest.mark.parametrize("edited", [False, True], ids=["from a file", "sent"])
def test_forgotten(engine, edited, tmp_path):
    """Memory, cache and names are gone: the object is opened again, without a message."""
    bpy.ops.ludvig.import_splats(
        filepath=str(clouds.write_ply(tmp_path / "a.ply", clouds.gaussians(300)))
    )
    thing = bpy.context.object
    if edited:
        attributes.put(
            thing.data, "position", "FLOAT_VECTOR", splats.read(thing.data).means[::-1].copy()
        )
    before = grow(engine, thing)
    assert 1 < before.sum() < 300
    for request in (methods.FreeMemory(), methods.ClearCache()):
        engine.wait(engine.ask(request))
    np.testing.assert_array_equal(grow(engine, thing), before)
    known = engine.connection().scenes
    found = known[thing.session_uid]
    known[thing.session_uid] = replace(found, scene=replace(found.scene, scene="of another day"))
    np.testing.assert_array_equal(grow(engine, thing), before)
    assert not message()


def test_another_file_in_its_place(engine, tmp_path):
    """The object keeps the splats that it shows, whatever is in the file now."""
    path = clouds.write_ply(tmp_path / "a.ply", clouds.gaussians(300))
    bpy.ops.ludvig.import_splats(filepath=str(path))
    thing = bpy.context.object
    before = grow(engine, thing)
    clouds.write_ply(path, clouds.gaussians(200, seed=5))
    engine.wait(engine.ask(methods.FreeMemory()))
    np.testing.assert_array_equal(grow(engine, thing), before)
    assert engine.connection().scenes[thing.session_uid].rows is None  # sent
    assert not message()


def test_another_photo_in_its_place(engine, tmp_path):
    """The result is that of the new photo, and says so."""
    folder, thing, things = six_photos(tmp_path)
    name = next(iter(things))
    assert not click(thing, name, things).note.count("Read again")
    photo = folder / "images/photo_00.jpg"
    photo.write_bytes(photo.read_bytes() + b" ")
    engine.wait(engine.ask(methods.FreeMemory()))
    segment = click(thing, name, things)
    assert f"Read again: {photo.name} has changed" in segment.note
    assert not message()
    assert not click(thing, name, things).note.count("Read again")


def test_what_stays_missing_is_told(engine, tmp_path):
    """One more attempt, then the error."""
    bpy.ops.ludvig.import_splats(filepath=str(clouds.write_ply(tmp_path / "a.ply")))
    thing = bpy.context.object
    viewless = methods.Prompt("click", view="nobody", pixels=np.float32([[1, 1]]))
    task = about(thing).ask(methods.RunSegment("", (viewless,)))
    with pytest.raises(
        blender_module("ludvig_engine.errors").EngineError, match='No view is called "nobody"'
    ):
        engine.wait(task)
    assert "nobody" in message()
