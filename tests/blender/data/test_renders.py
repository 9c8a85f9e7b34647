"""What F12 shows of splats from Blender 5.3 on: what the viewport shows, with meshes around."""

import bpy
import numpy as np
import pytest

from extension import blender_module
from looks import CENTERS, heap, scene

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
pytestmark = pytest.mark.skipif(bpy.app.version < (5, 3), reason="needs Blender 5.3")
RED, GREEN, BLUE = range(3)  # the heaps, and the channel of their color


@pytest.fixture
def thing():
    made = scene()
    splats.set_selection(made.data, heap(GREEN))
    settings = bpy.context.scene.render
    settings.engine = "CYCLES"
    settings.resolution_x, settings.resolution_y = 64, 48
    settings.film_transparent = True
    bpy.context.scene.view_settings.view_transform = "Standard"
    # Cycles samples two objects otherwise than one: with 2 samples, red differs by 17 percent.
    bpy.context.scene.cycles.samples = 16
    bpy.context.scene.cycles.use_denoising = False
    return made


def amounts(tmp_path):
    """How much of the render is mostly of each of the three colors."""
    path = tmp_path / "out.png"
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.empty(64 * 48 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    pixels = pixels.reshape(-1, 4)
    colors = pixels[:, :3] * pixels[:, 3:]
    return np.array([(colors.argmax(1) == n) @ np.ptp(colors, axis=1) for n in range(3)])


def test_hidden_removed_recolored_and_moved(thing, tmp_path):
    whole = amounts(tmp_path)
    assert (whole > 5).all(), whole
    bpy.ops.ludvig.hide()
    hidden = amounts(tmp_path)
    assert hidden[GREEN] < 0.02 * whole[GREEN]
    np.testing.assert_allclose(hidden[[RED, BLUE]], whole[[RED, BLUE]], rtol=0.15)
    bpy.ops.ludvig.show()
    splats.set_selection(thing.data, heap(GREEN))
    bpy.ops.ludvig.recolor(method="REPLACE", color=(1, 0, 0))
    recolored = amounts(tmp_path)
    assert recolored[GREEN] < 0.02 * whole[GREEN]
    assert recolored[RED] > 1.3 * whole[RED]
    bpy.ops.ludvig.separate()
    np.testing.assert_allclose(amounts(tmp_path), recolored, rtol=0.15)
    bpy.context.object.location = 1000, 0, 0
    moved = amounts(tmp_path)
    np.testing.assert_allclose(moved[[RED, BLUE]], whole[[RED, BLUE]], rtol=0.15)
    thing.select_set(True)
    bpy.context.view_layer.objects.active = thing
    splats.set_selection(thing.data, splats.read(thing.data).sh0[:, 0].argmax(1) == BLUE)
    bpy.ops.ludvig.delete()
    assert amounts(tmp_path)[BLUE] < 0.02 * whole[BLUE]


def test_a_mesh_hides_what_is_behind_it(thing, tmp_path):
    whole = amounts(tmp_path)
    eye = np.array(bpy.context.scene.camera.matrix_world.translation)
    bpy.ops.mesh.primitive_ico_sphere_add(
        radius=0.9, location=CENTERS[GREEN] + 0.3 * (eye - CENTERS[GREEN])
    )
    found = amounts(tmp_path)
    assert found[GREEN] < 0.2 * whole[GREEN]
    np.testing.assert_allclose(found[BLUE], whole[BLUE], rtol=0.15)
    bpy.context.object.location = CENTERS[GREEN] - 0.8 * (eye - CENTERS[GREEN])
    np.testing.assert_allclose(amounts(tmp_path)[[RED, BLUE]], whole[[RED, BLUE]], rtol=0.15)
