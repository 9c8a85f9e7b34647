"""A separated object: its own segment, its origin in its middle, and clicks that still hit it."""

import bpy
import numpy as np
import pytest

from acts import click, of_heap, run, selected, thing
from clouds import gaussians, splat_object, write_ply
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import camera_at, heaps

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")
frame = blender_module("ludvig_blender.data.frame")
photo_cameras = blender_module("ludvig_blender.data.photo_cameras")
ply = blender_module("ludvig_engine.io.ply")
N = 90
POT = np.arange(N) < 30
LID = (np.arange(N) >= 20) & (np.arange(N) < 40)


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


def with_two_segments():
    """The pot is selected, and the lid overlaps it."""
    made = splat_object(gaussians(N, spread=3))
    for name, chosen in (("lid", LID), ("pot", POT)):
        segments.write(made, segments.add(made, name), chosen.astype(np.float32), 0.5)
    return made


def in_world(made):
    means = splats.read(made.data).means
    world = np.array(made.matrix_world)
    return means @ world[:3, :3].T + world[:3, 3]


@pytest.mark.parametrize("copy", [False, True])
def test_it_has_its_own_segment_with_its_prompts_only(copy):
    whole = with_two_segments()
    prompts = blender_module("ludvig_blender.data.prompts")
    prompts.add(whole.ludvig.segments["pot"], "TEXT", positive=True, text="a pot")
    run(bpy.ops.ludvig.separate, copy=copy)
    part = thing()
    assert [segment.name for segment in part.ludvig.segments] == ["pot"]
    assert [prompt.text for prompt in part.ludvig.segments["pot"].prompts] == ["a pot"]
    assert segments.mask(part, part.ludvig.segments["pot"]).all()
    assert "ludvig_lid" not in part.data.attributes
    assert [segment.name for segment in whole.ludvig.segments] == ["lid", "pot"]


def test_of_other_splats_it_has_the_segments_that_they_are_in():
    whole = with_two_segments()
    splats.set_selection(whole.data, np.arange(N) >= 35)
    run(bpy.ops.ludvig.separate)
    assert [segment.name for segment in thing().ludvig.segments] == ["lid"]


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
def test_its_origin_is_in_its_middle_and_nothing_moves(mode):
    whole = with_two_segments()
    whole.location, whole.scale = (1, 2, 3), (2, 2, 2)
    whole.rotation_euler = 0.3, 0.5, 0.7
    bpy.context.view_layer.update()
    before = in_world(whole)
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.ludvig.separate(name="pot")
    bpy.ops.object.mode_set(mode="OBJECT")
    part = bpy.data.objects["pot"]
    np.testing.assert_allclose(in_world(part), before[POT], atol=1e-5)
    np.testing.assert_array_equal(in_world(whole), before[~POT])
    low, high = np.quantile(in_world(part), [0.02, 0.98], axis=0)
    reach = np.linalg.norm(high - low)
    assert np.linalg.norm(np.array(part.location) - (low + high) / 2) < 0.1 * reach
    assert np.linalg.norm(part.location) > 0.1


def test_a_floater_does_not_move_the_middle():
    made = gaussians(200)
    made.means[3] = 1e4
    part = splat_object(made)
    frame.center(part)
    assert np.abs(np.array(part.location)).max() < 1


def separated_heap(tmp_path):
    """One heap of the scene as an object of its own, moved and turned, and the camera again."""
    bpy.ops.ludvig.import_splats(filepath=str(write_ply(tmp_path / "heaps.ply", heaps())))
    thing().matrix_world.identity()
    camera_at(thing(), (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480
    bpy.ops.ed.undo_push(message="begun")
    whole = thing()
    # Of two heaps, so that a click on the part has something to leave out.
    splats.set_selection(whole.data, of_heap(1) | of_heap(2))
    run(bpy.ops.ludvig.separate, name="part")
    part = thing()
    assert np.linalg.norm(frame.origin(part)) > 0.1
    return whole, part


@pytest.mark.parametrize("scale", [(1, 1, 1), (1.2, 1.2, 1.2), (-1, 1, 1)])
def test_clicks_on_it_hit_what_they_are_on(tmp_path, scale):
    _, part = separated_heap(tmp_path)
    part.location = 0.5, -0.5, 1
    part.rotation_euler = 0.2, 0.1, -0.3
    part.scale = scale
    bpy.context.view_layer.update()
    for number in (1, 2):
        click(number)
        np.testing.assert_array_equal(selected(), of_heap(number))
    run(bpy.ops.ludvig.solve)
    np.testing.assert_array_equal(selected(), of_heap(2))


def test_its_earlier_prompts_mean_the_same_as_before(tmp_path):
    """A prompt from before it was separated is asked again, and so is its camera's place."""
    bpy.ops.ludvig.import_splats(filepath=str(write_ply(tmp_path / "heaps.ply", heaps())))
    thing().matrix_world.identity()
    camera_at(thing(), (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480
    click(2)
    run(bpy.ops.ludvig.separate)
    assert np.linalg.norm(frame.origin(thing())) > 0.1
    run(bpy.ops.ludvig.solve)
    assert selected().all()


def test_it_is_separated_again_and_joined(tmp_path):
    whole, part = separated_heap(tmp_path)
    click(2)
    run(bpy.ops.ludvig.separate)
    third = thing()
    means = splats.read(third.data).means + frame.origin(third)
    expected = heaps().means[heaps().sh0[:, 0].argmax(1) == 2]
    np.testing.assert_allclose(means, expected, atol=1e-5)
    for one in (whole, part, third):
        one.select_set(True)
    bpy.context.view_layer.objects.active = whole
    assert bpy.ops.object.join("EXEC_DEFAULT", True) == {"FINISHED"}
    click(1)
    np.testing.assert_array_equal(selected(), of_heap(1))


@pytest.mark.parametrize("apply_transform", [False, True])
def test_exports_take_the_origin_back(tmp_path, apply_transform):
    source = write_ply(tmp_path / "in.ply", gaussians(N))
    bpy.ops.ludvig.import_splats(filepath=str(source))
    splats.set_selection(thing().data, POT)
    run(bpy.ops.ludvig.separate)
    assert np.linalg.norm(frame.origin(thing())) > 0.1
    out = tmp_path / "out.ply"
    bpy.ops.ludvig.export_splats(filepath=str(out), apply_transform=apply_transform)
    np.testing.assert_allclose(
        ply.read_ply(out).gaussians.means, gaussians(N).means[POT], atol=2e-6
    )


def test_cameras_of_photos_stay_around_it(tmp_path):
    """A camera that is made after it was separated stands where it stood before."""
    from types import SimpleNamespace

    whole = with_two_segments()
    opened = SimpleNamespace(
        names=("a",),
        viewmats=np.linalg.inv(np.array(camera_at(whole, (1, -2, -12)).matrix_world))[None],
        Ks=np.array([[[300.0, 0, 320], [0, 300, 240], [0, 0, 1]]]),
        sizes=np.array([[640, 480]]),
        photos=("",),
    )
    photo_cameras.make(whole, opened)
    (view,) = photo_cameras.of(whole)
    before = np.array(view.matrix_world)
    run(bpy.ops.ludvig.separate)
    part = thing()
    assert not photo_cameras.of(part)  # those of the whole, which loading would replace
    photo_cameras.make(part, opened)
    assert len(photo_cameras.of(whole)) == 1
    (view,) = photo_cameras.of(part)
    np.testing.assert_allclose(np.array(view.matrix_world), before, atol=1e-5)


def test_clean_removal_puts_new_splats_where_they_belong(tmp_path):
    _, part = separated_heap(tmp_path)
    chosen = of_heap(2) & (np.cumsum(of_heap(2)) <= 3)
    splats.set_selection(part.data, chosen)
    expected = in_world(part)[chosen][:2]
    run(bpy.ops.ludvig.clean_removal, residue=False, boundary=False)
    filled = segments.mask(part, part.ludvig.segments["Filled"])
    np.testing.assert_allclose(in_world(part)[filled], expected, atol=1e-5)


def test_parts_of_the_hierarchy_become_a_segment_of_their_own(tmp_path):
    bpy.ops.ludvig.import_splats(filepath=str(write_ply(tmp_path / "heaps.ply", heaps())))
    run(bpy.ops.ludvig.segments_auto)
    whole = thing()
    whole.ludvig.granularity = 1
    whole.ludvig.active_segment = 1
    run(bpy.ops.ludvig.segment_select)
    run(bpy.ops.ludvig.separate)
    part = thing()
    assert part != whole
    (segment,) = part.ludvig.segments
    assert segment.leaf == segment.node == -1
    part.ludvig.granularity = 0
    part.ludvig.granularity = 1
    assert [one.name for one in part.ludvig.segments] == [segment.name]
    assert whole.ludvig.hierarchy
