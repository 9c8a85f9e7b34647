"""Splats without photos: Compute and clicks work from renders at planned views or at cameras."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

import clouds
from engines import engine_by, real_engine
from extension import blender_module

scene_cameras = blender_module("ludvig_blender.data.scene_cameras")
features = blender_module("ludvig_blender.data.features")
lines = blender_module("ludvig_blender.operators.lines")
splats = blender_module("ludvig_blender.data.splats")


@pytest.fixture(scope="module")
def engine(features_cache):
    with engine_by(*real_engine(), environment=features_cache) as engine:
        yield engine


@pytest.fixture
def thing(tmp_path):
    """Splats from a file that has no cameras beside it."""
    made = clouds.gaussians(400)
    # Small, or else each of the planned views is all splats.
    sizes = {f"scale_{i}": np.log(made.scales[:, i]) for i in range(3)}
    path = clouds.write_ply(tmp_path / "a.ply", made, extras=sizes)
    bpy.ops.ludvig.import_splats(filepath=str(path))
    thing = bpy.context.object
    thing.ludvig_features.extractor = "colour"
    assert not thing.ludvig_capture.views
    return thing


def camera(place):
    """A camera that looks along -z from a place."""
    made = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    made.matrix_world = Matrix.Translation(place)
    bpy.context.scene.collection.objects.link(made)
    bpy.context.view_layer.update()
    return made


def test_compute_is_enabled_and_works_without_cameras(engine, thing):
    assert bpy.ops.ludvig.compute.poll()
    assert bpy.ops.ludvig.compute("EXEC_DEFAULT") == {"FINISHED"}
    known = features.known(thing)
    assert known
    assert any("planned" in note for note in known.notes)


def test_a_click_selects_without_cameras(engine, thing):
    made = camera((0, 0, 6))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 320, 240
    bpy.context.view_layer.objects.active = thing
    arguments = {"camera": made.name, "pixels": "160 120", "segment": "thing"}
    bpy.ops.ludvig.click("EXEC_DEFAULT", True, **arguments)
    assert splats.selection(thing.data).any()


def test_scene_cameras_are_taken_as_they_stand(engine, thing):
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 320, 240
    for x in (-2, 2):
        camera((x, 0, 6))
    count = len(scene_cameras.there(bpy.context.scene))
    thing.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Scale(2, 4)
    bpy.context.view_layer.update()
    assert bpy.ops.ludvig.take_scene_cameras() == {"FINISHED"}
    kept = scene_cameras.kept(thing)
    assert len(kept) == count >= 2
    for own, one in zip(scene_cameras.there(bpy.context.scene), kept, strict=True):
        place = np.append(-one.viewmat[:3, :3].T @ one.viewmat[:3, 3], 1)
        expected = own.matrix_world.translation
        assert np.allclose((np.array(thing.matrix_world) @ place)[:3], expected, atol=1e-4)
    assert bpy.ops.ludvig.compute("EXEC_DEFAULT") == {"FINISHED"}
    assert any(f"{count} cameras" in note for note in features.known(thing).notes)
    assert bpy.ops.ludvig.forget_scene_cameras() == {"FINISHED"}
    assert scene_cameras.kept(thing) == ()


def test_a_mirrored_object_is_refused(engine, thing):
    camera((0, 0, 6))
    thing.matrix_world = Matrix.Scale(-1, 4, (1, 0, 0))
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="mirrored"):
        bpy.ops.ludvig.take_scene_cameras()
    assert scene_cameras.kept(thing) == ()


@pytest.mark.parametrize(
    "cameras, count, expected",
    [(0, 1000, "24 to 64 views"), (1, 1000, "1 camera "), (12, 10**6, "12 cameras ")],
)
def test_the_panel_says_where_from(cameras, count, expected):
    told = lines.rendered(cameras, count)
    assert expected in told
    assert "min" in told
