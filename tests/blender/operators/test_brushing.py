"""The brush selects the surface that it touches, as far as its depth limit, as one undo step."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from clouds import gaussians, splat_object
from extension import blender_module
from looks import CENTERS, WORLDS, camera_at, heap, pixel_of, scene

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")


def nothing(thing):
    splats.set_selection(thing.data, np.zeros(len(thing.data.points), bool))


def brush(thing, place, **options):
    """Brush over a point of object space; which splats are selected then."""
    options.setdefault("radius", 60)
    options.setdefault("reach", 4)
    bpy.ops.ludvig.brush("EXEC_DEFAULT", True, pixels=pixel_of(thing, place), **options)
    return splats.selection(bpy.context.object.data)


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("ortho", [False, True])
def test_it_adds_and_removes_what_it_touches(world, ortho):
    thing = scene(world)
    camera_at(thing, (1, -2, -12), ortho=ortho)
    nothing(thing)
    for number in (0, 1):
        found = brush(thing, CENTERS[number], reach=1.5)
        assert found[heap(number)].mean() > 0.9
    assert not found[heap(2)].any()
    found = brush(thing, CENTERS[0], mode="REMOVE", reach=1.5)
    assert not found[heap(0)].any() or found[heap(0)].mean() < 0.1
    assert found[heap(1)].mean() > 0.9


def wall(*depths):
    """Opaque walls of splats, each parallel to the image, and a camera before them."""
    x, y = np.meshgrid(np.linspace(-3, 3, 40), np.linspace(-3, 3, 40))
    means = [np.column_stack([x.ravel(), y.ravel(), np.full(x.size, z)]) for z in depths]
    made = gaussians(len(depths) * x.size, degree=0)
    made.means[:], made.scales[:] = np.concatenate(means), (0.15, 0.15, 0.01)
    made.quats[:], made.opacities[:] = (1, 0, 0, 0), 0.95
    thing = splat_object(made)
    camera_at(thing, (0, 0, -10))
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 640, 480
    camera = scene.camera
    camera.data.shift_x = camera.data.shift_y = 0
    camera.matrix_world = Matrix.Translation((0, 0, -10)) @ Matrix.Rotation(np.pi, 4, "X")
    bpy.context.view_layer.update()
    nothing(thing)
    return thing, made


def test_the_depth_limit_leaves_what_is_behind():
    thing, made = wall(0.0, 0.3, 2.0)
    near = brush(thing, (0, 0, 0), radius=60, reach=0.1)
    assert near.any() and not near[made.means[:, 2] > 0.1].any()
    nothing(thing)
    both = brush(thing, (0, 0, 0), radius=60, reach=1)
    assert both[np.isclose(made.means[:, 2], 0.3)].any() and not both[made.means[:, 2] > 1].any()
    nothing(thing)
    every = brush(thing, (0, 0, 0), radius=60, depth="THROUGH")
    assert all(every[np.isclose(made.means[:, 2], z)].any() for z in (0, 0.3, 2))


def test_its_radius_is_that_of_the_screen():
    thing, made = wall(0.0)
    pixel = 10 / (640 * 35 / 36)  # the size of a pixel at the wall
    chosen = brush(thing, (0, 0, 0), radius=100)
    away = np.linalg.norm(made.means[:, :2], axis=1) / pixel
    np.testing.assert_array_equal(
        chosen[np.abs(away - 100) > 6], (away < 100)[np.abs(away - 100) > 6]
    )


def test_a_large_splat_beside_the_eye_does_not_catch_it():
    """Nor is the smear of it drawn: see the clamp of slopes."""
    beside = 39 * 40
    thing, made = wall(0.0)
    position = splats.required(thing.data, "position")
    position[beside] = 1.5, 0, -9.9
    made.scales[beside] = 1.0
    attributes = blender_module("ludvig_blender.data.attributes")
    attributes.put(thing.data, "position", "FLOAT_VECTOR", position)
    attributes.put(thing.data, "scale", "FLOAT_VECTOR", made.scales)
    thing.data.update_tag()
    chosen = brush(thing, (0, 0, 0), radius=60)
    assert chosen[np.linalg.norm(made.means[:, :2], axis=1) < 0.5].all()


def test_a_line_has_no_gaps():
    thing, made = wall(0.0)
    first, last = (pixel_of(thing, (x, 0, 0)) for x in (-2, 2))
    bpy.ops.ludvig.brush(pixels=f"{first} {last}", radius=20)
    chosen = splats.selection(thing.data)
    middle = (np.abs(made.means[:, 1]) < 0.1) & (np.abs(made.means[:, 0]) < 2)
    assert chosen[middle].all() and not chosen[np.abs(made.means[:, 1]) > 0.6].any()


def test_hidden_splats_neither_block_it_nor_are_selected():
    thing, made = wall(0.0, 2.0)
    segments.hide(thing, made.means[:, 2] < 1)
    chosen = brush(thing, (0, 0, 0), radius=60, reach=1)
    assert chosen.any() and not chosen[made.means[:, 2] < 1].any()


def test_a_stroke_is_one_step_of_undo_and_paints_the_segment_that_is_selected():
    thing = scene()
    segment = segments.add(thing)
    nothing(thing)
    bpy.ops.ed.undo_push(message="before")
    one = brush(thing, CENTERS[0])
    thing = bpy.context.object
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), one)
    both = brush(thing, CENTERS[1])
    assert both.sum() > one.sum() > 0
    bpy.ops.ed.undo()
    thing = bpy.context.object
    np.testing.assert_array_equal(splats.selection(thing.data), one)
    splats.set_selection(thing.data, heap(2))  # another selection than the segment
    brush(thing, CENTERS[1])
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), one)
    assert segment is not None


def test_beside_the_splats_nothing_changes():
    thing = scene()
    nothing(thing)
    assert bpy.ops.ludvig.brush(pixels="5 5", radius=3) == {"CANCELLED"}
    assert not splats.selection(thing.data).any()
    with pytest.raises(RuntimeError, match="nothing to brush"):
        bpy.ops.ludvig.brush(pixels="")


def test_an_uneven_scale_is_refused():
    thing = scene(Matrix.Diagonal((1, 2, 1, 1)))
    with pytest.raises(RuntimeError, match="scaled unevenly"):
        brush(thing, CENTERS[0])
