"""The pinhole in object space sees every splat where Blender says it is, whatever camera and matrix."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from extension import blender_module
from looks import camera_at, heaps, pixel_of, scene

pinhole = blender_module("ludvig_blender.maths.pinhole")
picture = blender_module("ludvig_blender.viewport.picture")

WORLDS = {
    "as it is": Matrix(),
    "moved": Matrix.Translation((3, -5, 2)),
    "turned": Matrix.Rotation(1.1, 4, (1, 2, 3)),
    "large": Matrix.Scale(25, 4) @ Matrix.Rotation(2.0, 4, (0, 2, 1)),
    "mirrored": Matrix.Translation((1, 2, 3))
    @ Matrix.Diagonal((-0.3, 0.3, 0.3, 1))
    @ Matrix.Rotation(0.4, 4, "Z"),
}


@pytest.mark.parametrize("ortho", [False, True], ids=["perspective", "orthographic"])
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_sees_what_blender_sees(world, ortho):
    thing = scene(world)
    camera_at(thing, (4, -6, -9), ortho=ortho)
    lens = picture.camera_lens(
        bpy.context.scene.camera, bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    )
    means = heaps().means
    camera = pinhole.viewport(lens, thing.matrix_world, means.mean(0))
    np.testing.assert_allclose(
        camera.viewmat[:3, :3] @ camera.viewmat[:3, :3].T, np.eye(3), atol=1e-5
    )
    assert np.linalg.det(camera.viewmat[:3, :3]) > 0
    at = means @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3]
    assert (at[:, 2] > 0).all()
    pixels = (at @ camera.K.T)[:, :2] / at[:, 2:] - 0.5
    if pinhole.mirrored(thing.matrix_world):
        pixels[:, 0] = camera.width - 1 - pixels[:, 0]
    expected = np.array([pixel_of(thing, mean).split() for mean in means], float)
    np.testing.assert_allclose(pixels, expected, atol=0.3 if ortho else 0.01)


def test_of_a_region():
    from types import SimpleNamespace

    thing = scene(WORLDS["turned"])
    lens = picture.camera_lens(
        bpy.context.scene.camera, bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    )
    data = SimpleNamespace(view_matrix=Matrix(lens.view), window_matrix=Matrix(lens.projection))
    again = pinhole.of_region(SimpleNamespace(width=640, height=480), data)
    means = heaps().means
    one, two = (
        pinhole.viewport(which, thing.matrix_world, means.mean(0)) for which in (lens, again)
    )
    np.testing.assert_allclose(two.viewmat, one.viewmat, atol=1e-5)
    np.testing.assert_allclose(two.K, one.K, rtol=1e-5)
    assert (two.width, two.height) == (640, 480)


@pytest.mark.parametrize("stretch", [(1, 2, 1), (0, 0, 0), (1, 0, 1)])
def test_uneven_objects_are_refused(stretch):
    thing = scene(Matrix.Diagonal((*stretch, 1)))
    lens = picture.camera_lens(
        bpy.context.scene.camera, bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    )
    with pytest.raises(Exception, match=r"scaled unevenly .* no camera"):
        pinhole.viewport(lens, thing.matrix_world, np.zeros(3))
