"""Files of every format become objects: right, whole, one undo step, or nothing but a sentence."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from waiting import wait_for

import clouds
import grounds
import other_formats
from engines import about, engine_by, real_engine
from extension import blender_module

splats = blender_module("ludvig_blender.data.splats")
capture = blender_module("ludvig_blender.data.capture")
attributes = blender_module("ludvig_blender.data.attributes")
making = blender_module("ludvig_blender.data.making")
importing = blender_module("ludvig_blender.engine.importing")
pump = blender_module("ludvig_blender.engine.pump")
errors = blender_module("ludvig_engine.errors")
formats = blender_module("ludvig_engine.io.formats")
read_splats = blender_module("ludvig_engine.io.splats").read_splats
FILES = pytest.mark.parametrize("name", other_formats.NAMES)


@pytest.fixture(scope="module")
def engine(features_cache):
    with engine_by(*real_engine(), environment=features_cache) as engine:
        yield engine


@pytest.fixture
def no_engine():
    """No engine is installed."""
    interpreter = blender_module("ludvig_blender.engine.interpreter")
    link = blender_module("ludvig_blender.engine.link")
    link.stop(wait=True)

    def find():
        fixes = [errors.Fix("Install the engine.", "install_engine")]
        raise errors.EngineError("not_installed", "The engine is not installed yet.", fixes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpreter, "find", find)
        yield


def message():
    return bpy.context.window_manager.ludvig


def load(path):
    assert bpy.ops.ludvig.import_splats(filepath=str(path)) == {"FINISHED"}
    return bpy.context.object


def nothing_left():
    return not (bpy.data.objects or bpy.data.pointclouds or bpy.data.meshes)


@FILES
def test_every_format_is_imported_as_the_engine_reads_it(engine, tmp_path, name, monkeypatch):
    path = other_formats.write(tmp_path, name)
    whole = read_splats(path).gaussians
    monkeypatch.setitem(sys.modules, "zstandard", None)  # which Blender lacks
    thing = load(path)
    clouds.assert_same(splats.read(thing.data), whole)
    assert Path(thing.ludvig.source) == path and not message().text
    # The engine finds the same splats in the file, so that they need not be sent to it.
    values = {name: splats.required(thing.data, name) for name in splats.SCHEMA}
    assert thing.ludvig_capture.untouched == capture.look(values) + capture.stamp(str(path))
    engine.wait(about(thing).open())
    opened = engine.connection().scenes[thing.session_uid]
    np.testing.assert_array_equal(opened.rows, np.arange(other_formats.COUNT))


def test_a_sog_is_a_file_a_folder_or_its_meta_json(engine, tmp_path):
    bundle = other_formats.write(tmp_path, "a.sog")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name, content in other_formats.sog().items():
        (folder / name).write_bytes(content)
    found = [splats.read(load(path).data) for path in (bundle, folder, folder / "meta.json")]
    clouds.assert_same(found[0], found[1])
    clouds.assert_same(found[0], found[2])
    assert Path(bpy.context.object.ludvig.source) == folder / "meta.json"
    assert {thing.name for thing in bpy.data.objects} == {"a", "unpacked", "unpacked.001"}
    assert formats.inside(tmp_path) == tmp_path


@FILES
def test_without_an_engine(no_engine, tmp_path, name, monkeypatch):
    """What NumPy can read opens; the rest says what to do, with a button for it."""
    path = other_formats.write(tmp_path, name)
    monkeypatch.setitem(sys.modules, "zstandard", None)  # which Blender lacks
    if name not in ("v4.spz", "a.sog"):
        assert len(load(path).data.points) == other_formats.COUNT
        return
    with pytest.raises(RuntimeError, match=rf"{name} .*only the engine reads.*not installed"):
        load(path)
    assert [fix.action for fix in message().fixes] == ["install_engine"]
    assert nothing_left()


@FILES
@pytest.mark.parametrize("damage", ["cut", "empty", "noise"])
def test_bad_files_leave_a_sentence_and_nothing_else(engine, tmp_path, name, damage):
    path = other_formats.write(tmp_path, name)
    content = path.read_bytes()
    noise = np.random.default_rng(0).integers(0, 256, 1001).astype("u1").tobytes()
    path.write_bytes(
        {"cut": content[: len(content) // 2 - 1], "empty": b"", "noise": noise}[damage]
    )
    with pytest.raises(RuntimeError, match=name) as caught:
        load(path)
    assert "Traceback" not in str(caught.value) and message().text in str(caught.value)
    assert nothing_left()
    load(clouds.write_ply(tmp_path / "good.ply"))
    assert not message().text


def test_a_file_without_a_usable_splat_leaves_no_empty_object(tmp_path):
    made = clouds.gaussians(5)
    made.means[:] = np.nan
    with pytest.raises(RuntimeError, match=r"No splat of a\.ply is usable"):
        load(clouds.write_ply(tmp_path / "a.ply", made))
    assert nothing_left()


def test_what_is_left_out_is_noted(tmp_path):
    made = clouds.gaussians(50)
    made.means[[3, 7]] = np.nan
    thing = load(clouds.write_ply(tmp_path / "a.ply", made))
    assert "2 of 50 splats are left out" in thing.ludvig_capture.notes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_may_never_end_is_refused(tmp_path, kind):
    path = tmp_path / "a.ply"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(RuntimeError, match="regular file"):
        load(path)
    assert nothing_left()


def test_several_files_are_one_undo_step(engine, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    names = ("a.ply", "a.sog", "v2.spz")
    for name in names:
        other_formats.write(tmp_path, name)
    (tmp_path / "bad.splat").write_bytes(b"no")
    files = [{"name": name} for name in (*names, "bad.splat", "a.ply")]
    # As a user does; scripts that do not say True get no undo step, as everywhere in Blender.
    bpy.ops.ludvig.import_splats("EXEC_DEFAULT", True, directory=str(tmp_path), files=files)
    assert sorted(thing.name for thing in bpy.data.objects) == ["a", "a.001", "v2"]
    assert "bad.splat" in message().text
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    bpy.ops.ed.redo()
    assert len(bpy.data.objects) == 3


def test_a_dropped_meta_json_has_one_handler(engine, tmp_path):
    """Which is that of cameras once there are splats, because of transforms.json."""
    for name, content in other_formats.sog().items():
        (tmp_path / name).write_bytes(content)
    cameras, unpacked = bpy.types.LUDVIG_FH_cameras, bpy.types.LUDVIG_FH_unpacked
    for count in range(3):
        assert len(bpy.data.objects) == count
        context = SimpleNamespace(
            area=SimpleNamespace(type="VIEW_3D"),
            view_layer=bpy.context.view_layer,
            selected_objects=bpy.context.selected_objects,
        )
        (handler,) = (h for h in (cameras, unpacked) if h.poll_drop(context))
        assert ".json" in handler.bl_file_extensions.split(";")
        operator = getattr(bpy.ops.ludvig, handler.bl_import_operator.split(".")[1])
        files = [{"name": "meta.json"}]
        assert operator("INVOKE_DEFAULT", directory=str(tmp_path), files=files) == {"FINISHED"}


def test_an_import_leaves_edit_mode_when_it_begins_but_not_later(tmp_path):
    path = clouds.write_ply(tmp_path / "a.ply")
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    assert load(path).name == "a" and cube.mode == "OBJECT"
    bpy.context.view_layer.objects.active = cube
    read = pump.wait(pump.start(importing.steps([path])))
    bpy.ops.object.mode_set(mode="EDIT")
    axes = {"axis_forward": "Z", "axis_up": "-Y"}
    blender_module("ludvig_blender.operators.importing")._place(read, axes)
    assert bpy.context.object == cube and cube.mode == "EDIT"
    assert "a.001" in bpy.context.view_layer.objects
    bpy.ops.object.mode_set(mode="OBJECT")


def test_other_axes_can_be_chosen_afterwards(tmp_path):
    """Blender undoes the import and calls the operator of the undo step again."""
    clouds.write_ply(tmp_path / "a.ply")
    place = bpy.ops.ludvig.place_splats
    files = [{"name": "a.ply"}]
    assert place(directory=str(tmp_path), files=files, axis_forward="Y", axis_up="Z") == {
        "FINISHED"
    }
    np.testing.assert_allclose(np.array(bpy.context.object.matrix_world), np.eye(4), atol=1e-6)


@pytest.mark.parametrize("up", [(0, 0, 1), (0, -0.8, 0.6), (0.36, -0.48, -0.8)])
def test_splats_that_lie_on_a_plane_stand_upright(tmp_path, up):
    path = grounds.write(tmp_path / "a.ply", np.array(up))
    turned = np.array(load(path).matrix_world)[:3, :3]
    np.testing.assert_allclose(turned @ up, [0, 0, 1], atol=0.02)
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-6)
    bpy.ops.ludvig.export_splats(filepath=str(tmp_path / "out.ply"))
    assert (tmp_path / "out.ply").read_bytes() == path.read_bytes()
    bpy.ops.ludvig.import_splats(filepath=str(path), find_up=False)
    usual = np.array(bpy.context.object.matrix_world)[:3, :3]
    np.testing.assert_allclose(usual @ [0, -1, 0], [0, 0, 1], atol=1e-6)


def test_the_sample_scene_is_one_click_away():
    assert bpy.ops.ludvig.open_sample() == {"FINISHED"}
    thing = bpy.context.object
    assert splats.is_splats(thing) and attributes.count(thing.data) > 10_000
    assert capture.folders(thing)[0]  # the cameras beside it were found


@pytest.mark.parametrize("saved", [False, True])
def test_the_sample_scene_hides_the_cube_of_a_new_file_only(tmp_path, saved):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=False)
    if saved:
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "own.blend"))
    bpy.ops.ludvig.open_sample()
    hidden = [thing.name for thing in bpy.data.objects if thing.hide_get()]
    assert hidden == ([] if saved else ["Cube"])


# ---- in steps, as in a window


class Steps:
    """An import in a task of its own, which goes on by as many steps as a test says."""

    def __init__(self, path):
        self.failed, self.outcome = [], []
        self.task = pump.start(
            importing.steps([path]), done=self.outcome.append, failed=self.failed.append
        )

    def take(self, count):
        for _ in range(count):
            assert wait_for(lambda: self.task.ready)
            self.task.step()
        return self

    def finish(self):
        assert wait_for(lambda: not pump.every(), pump.tick)
        return self


def test_each_step_sets_one_attribute(tmp_path, monkeypatch):
    path = clouds.write_ply(tmp_path / "a.ply")
    put, set_now = making.attributes.put, []
    monkeypatch.setattr(
        making, "attributes", SimpleNamespace(**vars(making.attributes) | {
            "put": lambda *given: (set_now.append(given[1]), put(*given))
        })
    )  # fmt: skip
    steps = Steps(path)
    most = 0
    while not steps.task.done:
        before = len(set_now)
        steps.take(1)
        most = max(most, len(set_now) - before)
    pump._tasks.clear()
    assert most == 1 and len(set_now) > 20


def test_cancelled_at_any_step_nothing_is_left(tmp_path):
    path = clouds.write_ply(tmp_path / "a.ply", clouds.gaussians(20, degree=1))
    count = 0
    while True:
        steps = Steps(path).take(count)
        if steps.task.done:
            break
        steps.task.cancel()
        steps.finish()
        assert [error.kind for error in steps.failed] == ["cancelled"] and nothing_left()
        count += 1
    assert count > 10
    pump._tasks.clear()


def test_reading_stops_when_it_is_cancelled(tmp_path):
    """The thread that reads ends at its next read, however long the file is."""
    asked = []

    def check():
        asked.append(1)
        if len(asked) == 3:
            raise errors.Cancelled

    path = clouds.write_ply(tmp_path / "a.ply", clouds.gaussians(20_000))
    with pytest.raises(errors.Cancelled):
        blender_module("ludvig_blender.data.reading").read(path, check)
    assert len(asked) == 3


def test_undone_in_the_middle(tmp_path):
    bpy.ops.ed.undo_push(message="one")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="two")
    steps = Steps(clouds.write_ply(tmp_path / "a.ply")).take(6)
    assert len(bpy.data.pointclouds) == 1
    bpy.ops.ed.undo()
    steps.finish()
    assert [error.kind for error in steps.failed] == ["changed"] and nothing_left()


def test_another_file_opened_in_the_middle(tmp_path):
    steps = Steps(clouds.write_ply(tmp_path / "a.ply")).take(1)
    bpy.ops.wm.read_homefile(use_empty=True)
    steps.finish()
    assert [error.kind for error in steps.failed] == ["changed"] and nothing_left()
