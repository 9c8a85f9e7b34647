"""The photos' cameras in Blender see what the engine's cameras see; and the panel's operators."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Euler, Matrix, Vector

import captures
import clouds
from engines import engine_by, real_engine
from extension import ROOT, blender_module

views = blender_module("ludvig_blender.data.photo_cameras")


def opened(tmp_path, n=3):
    for i in range(n):
        captures.write_png(tmp_path / f"{i}.png", np.zeros((4, 6, 3), np.uint8))
    return SimpleNamespace(
        names=tuple(f"{i}.png" for i in range(n)),
        photos=(*(str(tmp_path / f"{i}.png") for i in range(n - 1)), ""),
        viewmats=np.array(
            [captures.look_at(np.array([5.0 + i, -2, 4]), np.zeros(3)) for i in range(n)]
        ),
        Ks=np.array([captures.intrinsics(i) for i in range(n)]),
        sizes=np.array([[captures.WIDTH, captures.HEIGHT]] * n, np.int32),
    )


def message():
    return bpy.context.window_manager.ludvig.text


@pytest.mark.parametrize(
    "size", [(captures.WIDTH, captures.HEIGHT), (captures.HEIGHT, captures.WIDTH)]
)
def test_points_are_seen_where_the_engine_sees_them(tmp_path, size):
    """Also with the object moved, turned and scaled, and for upright pictures."""
    thing, scene = clouds.splat_object(), opened(tmp_path)
    scene.sizes[:] = size
    views.make(thing, scene)
    thing.ludvig_capture.show_cameras = True  # Blender does not move what is hidden
    thing.matrix_world = Matrix.LocRotScale(
        Vector((1, 2, 3)), Euler((0.3, -1, 2)), Vector((2, 2, 2))
    )
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = size
    bpy.context.view_layer.update()
    points = np.random.default_rng(0).normal(size=(20, 3))
    for n, camera in enumerate(views.of(thing)):
        seen = points @ scene.viewmats[n][:3, :3].T + scene.viewmats[n][:3, 3]
        pixels = (seen @ scene.Ks[n].T)[:, :2] / seen[:, 2:]
        for point, (x, y) in zip(points, pixels, strict=True):
            at = world_to_camera_view(bpy.context.scene, camera, thing.matrix_world @ Vector(point))
            assert np.allclose([at.x * size[0], (1 - at.y) * size[1]], [x, y], atol=0.01)


def test_a_prompt_through_a_photos_camera_has_the_matrix_of_its_view(tmp_path):
    """By which the engine knows that a SAM can look at the photo."""
    frame = blender_module("ludvig_blender.data.frame")
    pinhole = blender_module("ludvig_blender.maths.pinhole")
    picture = blender_module("ludvig_blender.viewport.picture")
    thing, scene = clouds.splat_object(), opened(tmp_path)
    views.make(thing, scene)
    thing.matrix_world = Matrix.LocRotScale(
        Vector((1, 2, 3)), Euler((0.3, -1, 2)), Vector((2, 2, 2))
    )
    for n, camera in enumerate(views.of(thing)):
        assert bpy.ops.ludvig.look_through(step=min(n, 1)) == {"FINISHED"}
        assert bpy.context.scene.camera == camera
        graph = bpy.context.evaluated_depsgraph_get()
        lens = picture.camera_lens(camera, bpy.context.scene, graph)
        seen = pinhole.viewport(lens, frame.world(thing), np.zeros(3))
        # Single precision; the engine allows half a pixel, which is a thousandth here.
        np.testing.assert_allclose(seen.viewmat, scene.viewmats[n], atol=2e-5)
        np.testing.assert_allclose(seen.K, scene.Ks[n], atol=0.01)


def test_cameras_are_hidden_but_placed(tmp_path):
    thing, scene = clouds.splat_object(), opened(tmp_path)
    views.make(thing, scene)
    assert not any(camera.visible_get() for camera in views.of(thing))
    for camera, viewmat in zip(views.of(thing), scene.viewmats, strict=True):
        place = np.linalg.inv(viewmat)[:3, 3]
        np.testing.assert_allclose(camera.matrix_world.translation, place, atol=1e-5)
    bpy.ops.ludvig.look_through()
    shown = [camera for camera in views.of(thing) if camera.visible_get()]
    assert shown == [bpy.context.scene.camera]  # or its photo would not be drawn
    bpy.ops.ludvig.look_through(step=1)
    assert [c for c in views.of(thing) if c.visible_get()] == [bpy.context.scene.camera] != shown
    thing.ludvig_capture.show_cameras = True
    assert all(camera.visible_get() for camera in views.of(thing))


def test_photos_are_backgrounds_and_can_be_toggled(tmp_path):
    thing = clouds.splat_object()
    views.make(thing, opened(tmp_path))
    shown = [len(view.data.background_images) for view in views.of(thing)]
    assert shown == [1, 1, 0]
    assert views.of(thing)[0].data.background_images[0].image.size[:] == (6, 4)
    thing.ludvig_capture.show_photos = False
    thing.ludvig_capture.photo_opacity = 0.25
    assert not views.of(thing)[0].data.show_background_images
    assert views.of(thing)[0].data.background_images[0].alpha == 0.25


def test_making_them_again_replaces_them_and_removing_leaves_nothing(tmp_path):
    thing = clouds.splat_object()
    for _ in range(2):
        views.make(thing, opened(tmp_path))
        assert (len(bpy.data.cameras), len(bpy.data.images), len(bpy.data.collections)) == (3, 2, 1)
    views.remove(thing)
    assert not bpy.data.cameras and not bpy.data.images and not bpy.data.collections
    assert views.of(thing) == []


def test_looking_through_takes_the_cameras_size(tmp_path):
    thing = clouds.splat_object()
    assert not bpy.ops.ludvig.look_through.poll()
    views.make(thing, opened(tmp_path))
    scene = bpy.context.scene
    assert bpy.ops.ludvig.look_through() == {"FINISHED"}
    assert scene.camera.name == "0.png"
    assert (scene.render.resolution_x, scene.render.resolution_y) == (
        captures.WIDTH,
        captures.HEIGHT,
    )
    bpy.ops.ludvig.look_through(step=-1)
    assert scene.camera.name == "2.png"
    thing.select_set(False)
    bpy.context.view_layer.objects.active = views.of(thing)[1]
    bpy.ops.ludvig.look_through(step=0)
    # The active camera names its splats, though they are not selected.
    assert scene.camera.name == "1.png"


# ---- with the real engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    with engine_by(*real_engine(), environment={"LUDVIG_CACHE": str(cache)}):
        yield


@pytest.fixture
def real(engine):
    blender_module("ludvig_blender.data.messages").clear()


def test_import_check_compute(real, tmp_path):
    """Import, check and compute, on a little capture."""
    path = captures.make(tmp_path / "José 目录")
    assert bpy.ops.ludvig.import_splats(filepath=str(path)) == {"FINISHED"}
    thing = bpy.context.object
    own = thing.ludvig_capture
    assert own.views == str(path.with_name("cameras.json"))  # found beside it
    assert bpy.ops.ludvig.load_cameras() == {"FINISHED"}
    assert [view.name for view in views.of(thing)] == [f"{n}.png" for n in range(captures.VIEWS)], (
        message()
    )
    assert all(len(view.data.background_images) == 1 for view in views.of(thing))
    assert bpy.ops.ludvig.check() == {"FINISHED"}
    assert own.fits and "fit" in own.verdict and "dB" in own.verdict
    picture = blender_module("ludvig_blender.data.check_picture").picture(thing)
    assert max(np.reshape(picture.image_pixels_float, (-1, 4))[:, 0]) > 0.5  # the red heap
    thing.ludvig_features.extractor = "colour"
    assert bpy.ops.ludvig.compute() == {"FINISHED"}
    features = blender_module("ludvig_blender.data.features")
    assert features.known(thing).cost.endswith(" s"), message()
    assert bpy.ops.ludvig.compute() == {"FINISHED"}
    assert features.known(thing).cost == "cached"
    assert bpy.ops.ludvig.preview_features() == {"FINISHED"}
    colors = blender_module("ludvig_blender.data.attributes").get(thing.data, "ludvig_features")
    assert colors.shape == (180, 3) and thing.ludvig.mode == "FEATURES"
    heaps = colors.reshape(3, 60, 3).astype(float)
    # The standard error of a heap's mean color, if the colors were in another order.
    error = heaps.std(1).max() / np.sqrt(heaps.shape[1])
    assert np.ptp(heaps.mean(1), axis=0).max() > 5 * error
    assert not message()


def test_dropped_files_are_loaded(real, tmp_path):
    """Blender's file handlers call the operators with a folder and names; no dialog opens."""
    path = captures.make(tmp_path / "scene")
    for handler, dropped in (
        ("LUDVIG_FH_splats", path),
        ("LUDVIG_FH_cameras", path.with_name("cameras.json")),
    ):
        handler = getattr(bpy.types, handler)
        assert dropped.suffix in handler.bl_file_extensions.split(";")
        group, name = handler.bl_import_operator.split(".")
        operator = getattr(getattr(bpy.ops, group), name)
        assert operator(
            "INVOKE_DEFAULT", directory=str(path.parent), files=[{"name": dropped.name}]
        ) == {"FINISHED"}
    assert len(views.of(bpy.context.object)) == captures.VIEWS
    colmap = ROOT / "demo/scene/sparse/0"
    files = [{"name": next(file.name for file in colmap.iterdir() if file.stem == "cameras")}]
    bpy.ops.ludvig.import_cameras("INVOKE_DEFAULT", directory=str(colmap), files=files)
    assert len(views.of(bpy.context.object)) == 24


def test_moved_cameras_are_noticed(real, tmp_path):
    path = captures.make(tmp_path / "scene", moved=1.0)
    bpy.ops.ludvig.import_splats(filepath=str(path))
    assert bpy.ops.ludvig.check() == {"FINISHED"}
    assert not bpy.context.object.ludvig_capture.fits


def test_a_wrong_folder_is_told_and_forgotten(real, tmp_path):
    thing = clouds.splat_object()
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuntimeError, match="camera"):
        bpy.ops.ludvig.import_cameras(filepath=str(tmp_path / "empty"))
    assert message() and thing.ludvig_capture.views == ""
    with pytest.raises(RuntimeError, match="There is no"):
        bpy.ops.ludvig.import_cameras(filepath=str(tmp_path / "nowhere"))
    broken = tmp_path / "transforms.json"
    broken.write_text("{")
    with pytest.raises(RuntimeError):
        bpy.ops.ludvig.import_cameras(filepath=str(broken))
    assert thing.ludvig_capture.views == "" and len(views.of(thing)) == 0


def test_cameras_survive_save_and_load(real, tmp_path):
    path = captures.make(tmp_path / "scene")
    bpy.ops.ludvig.import_splats(filepath=str(path))
    bpy.ops.ludvig.load_cameras()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    thing = bpy.data.objects["scene"]
    assert len(views.of(thing)) == captures.VIEWS and thing.ludvig_capture.views
    bpy.context.view_layer.objects.active = thing
    assert bpy.ops.ludvig.check() == {"FINISHED"} and thing.ludvig_capture.fits
