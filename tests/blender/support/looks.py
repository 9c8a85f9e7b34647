"""Three heaps of splats in three colors, and cameras of every kind that look at them."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector

from clouds import splat_object
from extension import blender_module

CENTERS = np.array([[0.0, 0, 0], [3, 0.5, 0], [-2.5, 1, 3]])
# How many splats a heap has.
SIZE = 60
# Places of an object in the world.
WORLDS = {
    "as it is": Matrix(),
    "moved": Matrix.Translation((3, -5, 2)),
    "turned": Matrix.Rotation(1.1, 4, (1, 2, 3)),
    "large": Matrix.Scale(25, 4) @ Matrix.Rotation(2.0, 4, (0, 2, 1)),
    "mirrored": Matrix.Translation((1, 2, 3))
    @ Matrix.Diagonal((-0.3, 0.3, 0.3, 1))
    @ Matrix.Rotation(0.4, 4, "Z"),
}


def heaps():
    """Gaussians of the red, green and blue heap, in this order."""
    rng = np.random.default_rng(4)
    means = np.concatenate([center + 0.3 * rng.normal(size=(SIZE, 3)) for center in CENTERS])
    n = len(means)
    quats = rng.normal(size=(n, 4))
    return blender_module("ludvig_engine.scene").Gaussians(
        means=means.astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=np.full((n, 3), 0.08, np.float32),
        opacities=np.full(n, 0.9, np.float32),
        sh0=np.repeat(2.5 * np.eye(3), SIZE, axis=0)[:, None].astype(np.float32),
        shN=(0.1 * rng.normal(size=(n, 8, 3))).astype(np.float32),
    )


def heap(number):
    """Which splats are of a heap, (N,) bool."""
    return np.repeat(np.arange(3) == number, SIZE)


def scene(world=None):
    """The heaps as an object, and a camera before them."""
    thing = splat_object(heaps())
    thing.matrix_world = Matrix(world) if world is not None else Matrix()
    camera_at(thing, (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480
    return thing


def solid():
    """The heaps, wider and with splats so large that each is one thing in a picture.

    Six small cameras look at them, so that no views have to be planned and rendered.
    """
    cloud = heaps()
    centers = np.repeat(CENTERS, SIZE, axis=0)
    cloud.means[:] = centers + 1.7 * (cloud.means - centers)
    cloud.scales[:] = 0.2
    cloud.shN[:] = 0
    bpy.data.objects.remove(scene())
    thing = splat_object(cloud)
    render = bpy.context.scene.render
    size = render.resolution_x, render.resolution_y
    render.resolution_x, render.resolution_y = 320, 240
    for place in (12, 0, 0), (-12, 0, 0), (0, 12, 1), (0, -12, 1), (0, 1, 12), (0, 1, -12):
        camera_at(thing, place)
    bpy.ops.ludvig.take_scene_cameras()
    render.resolution_x, render.resolution_y = size
    return thing


def camera_at(thing, place, *, ortho=False, name="Camera"):
    """A camera at a place of object space that looks at the heaps; the scene's."""
    data = bpy.data.cameras.new(name)
    data.type = "ORTHO" if ortho else "PERSP"
    data.lens = 35
    data.shift_x = 0.05
    data.shift_y = -0.1
    data.ortho_scale = 9 * thing.matrix_world.median_scale
    camera = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(camera)
    eye, target = (thing.matrix_world @ Vector(p) for p in (place, CENTERS.mean(0)))
    turn = (eye - target).to_track_quat("Z", "Y").to_matrix().to_4x4()
    # The scale of a camera must not matter.
    camera.matrix_world = Matrix.Translation(eye) @ turn @ Matrix.Scale(1.7, 4)
    bpy.context.scene.camera = camera
    bpy.context.view_layer.update()
    return camera


def pixel_of(thing, point, camera=None):
    """Where the camera sees a point of object space, according to Blender.

    The answer is "x y" in pixels from the upper left.
    """
    from bpy_extras.object_utils import world_to_camera_view

    scene = bpy.context.scene
    seen = world_to_camera_view(scene, camera or scene.camera, thing.matrix_world @ Vector(point))
    x = seen.x * scene.render.resolution_x - 0.5
    y = (1 - seen.y) * scene.render.resolution_y - 0.5
    return f"{x} {y}"


def middle(number):
    """The mean of the splat of a heap that is nearest to its center."""
    means = heaps().means[heap(number)]
    return means[np.argmin(np.linalg.norm(means - CENTERS[number], axis=1))]


def click(thing, number, **options):
    """Click on the middle of a heap, as the scene's camera sees it."""
    # "True": with a step of undo, which scripts leave to whoever calls them.
    return bpy.ops.ludvig.click(
        "EXEC_DEFAULT", True, pixels=pixel_of(thing, middle(number)), **options
    )
