"""The shader's pictures are those of 3DGS by the book."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object
from extension import DATA, blender_module
from reference import render

splats = blender_module("ludvig_blender.splats")
attributes = blender_module("ludvig_blender.attributes")
colors = blender_module("ludvig_blender.viewport.colors")
picture = blender_module("ludvig_blender.viewport.picture")
pytestmark = pytest.mark.skipif(bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2")

FLIP = np.diag([1.0, -1, -1, 1])  # Blender's camera axes to OpenCV's


@pytest.fixture(autouse=True)
def gpu():
    import gpu

    gpu.init()


def camera(width=120, height=80, **options):
    made = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(made)
    made.location, made.rotation_euler = (0.5, -6, 1.5), (1.35, 0.1, 0.1)
    for name, value in options.items():
        setattr(made.data, name, value)
    scene = bpy.context.scene
    scene.camera = made
    scene.render.resolution_x, scene.render.resolution_y = width, height
    bpy.context.view_layer.update()
    return picture.camera_lens(made, scene, bpy.context.evaluated_depsgraph_get())


def intrinsics(lens):
    p = lens.projection
    fx, fy = p[0, 0] * lens.width / 2, p[1, 1] * lens.height / 2
    return np.array([[fx, 0, (1 - p[0, 2]) * lens.width / 2], [0, fy, (1 + p[1, 2]) * lens.height / 2], [0, 0, 1]])


def expected(made, lens, world=None):
    """`made` by the reference renderer, seen from the lens, in object space."""
    world = np.eye(4) if world is None else world
    eye = lens.seen_from(world)
    towards = made.means - eye
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    shown = colors.sh.colors(made.sh0[:, 0], list(made.shN.transpose(1, 0, 2)), towards)
    seen = render(made.means, made.quats, made.scales, made.opacities, np.maximum(shown, 0),
                  FLIP @ lens.view @ world, intrinsics(lens), lens.width, lens.height, near=lens.near)  # fmt: skip
    return seen[0]


def assert_equal_pictures(found, wanted):
    difference = np.abs(found - wanted)
    assert wanted[..., 3].mean() > 0.2, "the camera sees too little"
    assert difference.mean() < 2e-4  # the limit asked for is 2/255 = 8e-3
    assert difference.max() < 5e-3


@pytest.mark.parametrize("options", [{}, {"shift_x": 0.2, "shift_y": -0.1}, {"lens": 20, "clip_start": 5.0}])
def test_equals_the_reference(options):
    made = gaussians(400, scale=0.15)
    thing = splat_object(made)
    lens = camera(**options)
    assert_equal_pictures(picture.render([thing], lens), expected(made, lens))


def by_the_engine(made, lens, world):
    """The engine's own renderer; it needs numba beside bpy."""
    pytest.importorskip("numba")
    engine, scene = (blender_module(f"ludvig_engine.{name}") for name in ("render", "scene"))
    camera = scene.Camera(FLIP @ lens.view @ world, intrinsics(lens), lens.width, lens.height)
    colors = engine.colours(made, camera.centre)
    image, alpha = engine.render(made, camera, colors, raster=engine.Raster(near=lens.near))
    return np.dstack([image.transpose(1, 2, 0), alpha])


def test_equals_the_engine():
    made = gaussians(2000, scale=0.1)
    lens = camera(480, 320)
    found, wanted = picture.render([splat_object(made)], lens), by_the_engine(made, lens, np.eye(4))
    assert_equal_pictures(found, wanted)


@pytest.mark.skipif(not DATA, reason="LUDVIG_DATA is not set")
def test_equals_the_engine_on_a_trained_scene():
    """From where a photo was taken, at its size."""
    bpy.ops.ludvig.import_splats(filepath=str(Path(DATA, "banana/gs/point_cloud.ply")))
    thing = bpy.context.object
    photo = json.loads(Path(DATA, "banana/gs/cameras.json").read_text("utf-8"))[3]
    eye = np.eye(4)
    eye[:3, :3], eye[:3, 3] = np.array(photo["rotation"]), photo["position"]
    lens = camera(photo["width"], photo["height"], lens=36 * photo["fx"] / photo["width"], clip_start=0.2)
    bpy.context.scene.camera.matrix_world = (np.array(thing.matrix_world) @ eye @ FLIP).T  # Blender reads columns
    bpy.context.view_layer.update()
    lens = picture.camera_lens(bpy.context.scene.camera, bpy.context.scene, bpy.context.evaluated_depsgraph_get())
    world = np.array(thing.matrix_world, np.float64)
    found, wanted = picture.render([thing], lens), by_the_engine(splats.read(thing.data), lens, world)
    difference = np.abs(found - wanted)
    assert wanted[..., 3].mean() > 0.5
    assert difference.mean() < 1e-4  # 2/255 is asked for
    assert np.quantile(difference, 0.9999) < 5e-3


def test_transforms_are_those_of_the_export():
    made = gaussians(300, scale=0.15)
    thing = splat_object(made)
    thing.location, thing.rotation_euler, thing.scale = (0.3, 0.1, -0.2), (0.5, 0.2, 1.0), (1.2, -1.2, 1.2)
    bpy.context.view_layer.update()
    lens = camera()
    found = picture.render([thing], lens)
    moved = blender_module("ludvig_blender.transform").apply(made, np.array(thing.matrix_world))
    assert_equal_pictures(found, expected(moved, lens))


def test_two_objects_are_one_scene():
    """Splats of interleaved objects hide each other as if they were one."""
    made = gaussians(300, scale=0.15)
    whole = splat_object(made)
    lens = camera()
    one = picture.render([whole], lens)
    odd = np.arange(300) % 2 == 1
    parts = [splat_object(made.take(odd)), splat_object(made.take(~odd))]
    parts[1].location = (1, 2, 3)
    moved = splats.read(parts[1].data)
    attributes.put(parts[1].data, "position", "FLOAT_VECTOR", moved.means - np.float32([1, 2, 3]))
    bpy.context.view_layer.update()
    assert_equal_pictures(picture.render(parts, lens), one)


def test_orthographic_cameras():
    """From far away with a long lens, perspective and parallel projection are the same."""
    thing = splat_object(gaussians(300, degree=0, scale=0.15))
    ortho = picture.render([thing], camera(type="ORTHO", ortho_scale=6))
    made = bpy.context.scene.camera
    backward = np.array(made.matrix_world)[:3, 2]
    far = camera(lens=36 / 6 * 4000, clip_end=1e5)
    bpy.context.scene.camera.location = np.array(made.location) + backward * (4000 - 6)
    bpy.context.view_layer.update()
    far = picture.camera_lens(bpy.context.scene.camera, bpy.context.scene, bpy.context.evaluated_depsgraph_get())
    difference = np.abs(ortho - picture.render([thing], far))
    assert ortho[..., 3].mean() > 0.2
    assert difference.mean() < 5e-3


def test_hidden_splats_are_not_drawn():
    made = gaussians(300, scale=0.15)
    thing = splat_object(made)
    lens = camera()
    hidden = np.arange(300) % 2 == 1
    attributes.put(thing.data, splats.HIDDEN, "BOOLEAN", hidden)
    thing.data.update_tag()
    assert_equal_pictures(picture.render([thing], lens), expected(made.take(~hidden), lens))


def test_selected_splats_are_tinted():
    thing = splat_object(gaussians(300, scale=0.15))
    lens = camera()
    plain = picture.render([thing], lens)
    splats.set_selection(thing.data, np.ones(300, bool))
    tinted = picture.render([thing], lens, (1.0, 0.0, 0.0, 1.0))
    np.testing.assert_allclose(tinted[..., 3], plain[..., 3], atol=1e-4)
    np.testing.assert_allclose(tinted[..., :3], plain[..., 3:] * [1, 0, 0], atol=1e-4)


def test_no_splats_give_an_empty_picture():
    thing = splat_object(gaussians(0))
    assert not picture.render([thing], camera()).any()
    assert not picture.render([], camera()).any()
