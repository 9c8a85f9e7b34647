"""Cameras as Blender gives them."""

import bpy
import numpy as np
import pytest

from extension import blender_module

Lens = blender_module("ludvig_blender.maths.lens").Lens
picture = blender_module("ludvig_blender.viewport.picture")


def camera(**options):
    made = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    for name, value in options.items():
        setattr(made.data, name, value)
    made.location = (1, -4, 2)
    made.rotation_euler = (1.1, 0.1, 0.3)
    made.scale = (2, 2, 2)
    bpy.context.collection.objects.link(made)
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = 200, 100
    bpy.context.view_layer.update()
    return picture.camera_lens(made, bpy.context.scene, bpy.context.evaluated_depsgraph_get()), made


@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_blenders_cameras(kind):
    lens, made = camera(type=kind, clip_start=0.3, lens=50, sensor_width=36, ortho_scale=5)
    assert lens.orthographic == (kind == "ORTHO")
    assert lens.near == pytest.approx(0.3, rel=1e-3)
    uniforms = lens.uniforms((0, 0, 0, 0))
    focal = 200 * 50 / 36 if kind == "PERSP" else 200 / 5
    np.testing.assert_allclose(uniforms[16:20], [200, 100, focal, focal], rtol=1e-5)
    forward = np.array(made.matrix_world.to_3x3().normalized())[:, 2] * -1
    if kind == "PERSP":
        np.testing.assert_allclose(lens.position, made.location, atol=1e-5)
    else:
        np.testing.assert_allclose(lens.position, forward, atol=1e-5)
    np.testing.assert_allclose(lens.rows(np.eye(4))[2, :3], forward, atol=1e-5)


def test_shifted_lenses_move_the_limits():
    """With the principal point right of the center, less is seen to the right.

    The limits of slopes are the border and 0.3 tan(fov/2) beyond it.
    """
    lens, _ = camera(shift_x=-0.1, sensor_width=36, lens=36)
    low, high = lens.uniforms((0, 0, 0, 0))[20:22]
    np.testing.assert_allclose([low, high], [-0.5 - 0.1 - 0.15, 0.5 - 0.1 + 0.15], atol=1e-5)


def test_object_space():
    lens, _ = camera()
    world = np.diag([2.0, 2, -2, 1])
    world[:3, 3] = 1, 2, 3
    np.testing.assert_allclose(
        (world @ np.append(lens.seen_from(world), 1))[:3], lens.position, atol=1e-9
    )
