"""Render Splats makes an image and saves files; where it cannot draw, it says why."""

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object
from extension import blender_module

picture = blender_module("ludvig_blender.viewport.picture")
needs_gpu = pytest.mark.skipif(
    bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2"
)


@pytest.fixture
def scene():
    made = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(made)
    made.location, made.rotation_euler = (0, -6, 0), (np.pi / 2, 0, 0)
    scene = bpy.context.scene
    scene.camera = made
    scene.render.resolution_x = 120
    scene.render.resolution_y = 80
    scene.render.resolution_percentage = 50
    splat_object(gaussians(300, scale=0.1))
    return scene


def pixels(image):
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)[::-1]


@needs_gpu
@pytest.mark.parametrize("transparent", [True, False])
def test_image_and_file_show_the_picture(scene, tmp_path, transparent):
    scene.render.film_transparent = transparent
    path = tmp_path / "out" / "splats.png"
    bpy.ops.ludvig.render_image(filepath=str(path))
    image = bpy.data.images["Splats"]
    assert tuple(image.size) == (60, 40)
    found = pixels(image)
    lens = picture.camera_lens(scene.camera, scene, bpy.context.evaluated_depsgraph_get())
    drawn = picture.render([bpy.data.objects["splats"]], lens)
    np.testing.assert_allclose(found[..., 3], drawn[..., 3] if transparent else 1, atol=2 / 255)
    if transparent:
        np.testing.assert_allclose(
            found[..., :3] * found[..., 3:], np.minimum(drawn[..., :3], drawn[..., 3:]), atol=0.02
        )
    file = bpy.data.images.load(str(path))
    np.testing.assert_allclose(pixels(file), found, atol=1 / 255)


@needs_gpu
def test_frames_are_numbered(scene, tmp_path):
    thing = bpy.data.objects["splats"]
    thing.keyframe_insert("location", frame=1)
    thing.location.x = 3
    thing.keyframe_insert("location", frame=2)
    scene.frame_start, scene.frame_end = 1, 2
    bpy.ops.ludvig.render_image(filepath=str(tmp_path / "shot_.png"), animation=True)
    frames = [(tmp_path / f"shot_{n:04}.png").read_bytes() for n in (1, 2)]
    assert frames[0] != frames[1]


def test_without_a_window_or_camera_it_says_so(scene):
    if bpy.app.version < (5, 2):
        with pytest.raises(RuntimeError, match="cannot draw without a window"):
            bpy.ops.ludvig.render_image()
        assert "cannot draw" in bpy.context.window_manager.ludvig.text
    scene.camera = None
    assert not bpy.ops.ludvig.render_image.poll()
