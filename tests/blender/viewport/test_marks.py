"""Prompts are marked on the surface that their camera saw, wherever they are looked at from."""

import bpy
import gpu
import numpy as np
import pytest
from mathutils import Matrix

from clouds import gaussians
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import CENTERS, WORLDS, camera_at, click, heap, middle, pixel_of, scene
from reference import render
from region import Region

clouds = blender_module("ludvig_blender.viewport.cloud")
marks = blender_module("ludvig_blender.viewport.marks")
surface = blender_module("ludvig_blender.viewport.surface")
screen = blender_module("ludvig_blender.viewport.screen")
attributes = blender_module("ludvig_blender.data.attributes")
splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


def packed(made):
    base = np.column_stack([made.sh0[:, 0], made.opacities])
    return clouds.update(
        None, clouds.Snapshot(made.means, made.scales, made.quats, base, None, None)
    )


def test_surface_is_where_half_of_the_light_comes_from():
    """In the reference renderer, splats up to the depth found make half of a pixel's alpha."""
    made = gaussians(60, degree=0, scale=0.3)
    viewmat, K = np.eye(4), np.array([[40.0, 0, 16], [0, 44, 12], [0, 0, 1]])
    viewmat[:3, :3] = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    viewmat[2, 3] = 5
    x, y = np.meshgrid(np.arange(32), np.arange(24))
    pixels = np.column_stack([x.ravel(), y.ravel()])
    found, rows = surface.touched(packed(made).texels, np.ones(60, bool), viewmat, K, pixels)
    at = found @ viewmat[:3, :3].T + viewmat[:3, 3]
    seen = np.isfinite(at[:, 0])
    np.testing.assert_allclose((at @ K.T)[seen, :2] / at[seen, 2:], pixels[seen] + 0.5, atol=1e-6)

    def alpha(chosen):
        part = made.take(chosen)
        colors = np.zeros((len(part), 3))
        return render(
            part.means, part.quats, part.scales, part.opacities, colors, viewmat, K, 32, 24
        )[0][..., 3]

    whole = alpha(np.arange(60)).ravel()
    np.testing.assert_array_equal(seen, whole > screen.FAINT)
    depths = made.means @ viewmat[2, :3] + viewmat[2, 3]
    np.testing.assert_array_equal(rows >= 0, seen)
    np.testing.assert_allclose(depths[rows[seen]], at[seen, 2], atol=1e-4)
    for n in np.flatnonzero(seen)[::15]:
        assert alpha(depths <= at[n, 2] + 1e-4).ravel()[n] >= whole[n] / 2 - 1e-5
        assert alpha(depths < at[n, 2] - 1e-4).ravel()[n] <= whole[n] / 2 + 1e-5


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_click_is_marked_on_what_was_clicked(world):
    thing = scene(world)
    click(thing, 1)
    click(thing, 2, mode="REMOVE")
    (one, yes), (other, no) = marks.of(thing)
    assert yes and not no
    cloud = packed(splats.read(thing.data))
    for mark, number in ((one, 1), (other, 2)):
        (point,) = marks.locate(mark, cloud, None).points
        assert np.linalg.norm(point - CENTERS[number]) < 1.0
        place = np.array(pixel_of(thing, point).split(), float)
        np.testing.assert_allclose(
            place, np.array(pixel_of(thing, middle(number)).split(), float), atol=0.1
        )


def test_lines_boxes_and_nothing():
    thing = scene()
    ends = [pixel_of(thing, middle(n)) for n in (0, 1)]
    bpy.ops.ludvig.scribble(pixels=" ".join(ends), radius=4)
    x, y = map(float, pixel_of(thing, CENTERS[2]).split())
    bpy.ops.ludvig.box(pixels=f"{x - 30} {y - 30} {x + 30} {y + 30}", mode="ADD")
    (line, _), (box, _) = marks.of(thing)
    cloud = packed(splats.read(thing.data))
    assert np.linalg.norm(marks.locate(line, cloud, None).points - CENTERS[:2], axis=1).max() < 1
    corners = marks.locate(box, cloud, None).points
    np.testing.assert_array_equal(corners[0], corners[4])
    assert np.linalg.norm(corners[:4].mean(0) - CENTERS[2]) < 0.6
    nowhere = np.ones(len(cloud.texels), bool)
    for mark in (line, box):
        assert len(marks.locate(mark, cloud, nowhere).points) == 0
    segments.add(thing)
    assert marks.of(thing) == []


def test_what_was_hidden_is_not_marked():
    thing = scene()
    camera_at(thing, 4 * CENTERS[0] - 3 * CENTERS[1])
    splats.set_selection(thing.data, heap(0))
    bpy.ops.ludvig.hide()
    bpy.ops.ludvig.click(pixels=pixel_of(thing, CENTERS[1]))
    bpy.ops.ludvig.show()
    ((mark, _),) = marks.of(thing)
    cloud = packed(splats.read(thing.data))
    (behind,) = marks.locate(mark, cloud, marks.unseen(thing, mark)).points
    (before,) = marks.locate(mark, cloud, None).points
    assert np.linalg.norm(behind - CENTERS[1]) < 1 > np.linalg.norm(before - CENTERS[0])


def test_a_mark_goes_with_its_splats():
    """Hidden, deleted, or back again: whether a mark is shown follows."""
    thing = scene()
    click(thing, 1)
    ((mark, _),) = marks.of(thing)
    place = marks.locate(mark, packed(splats.read(thing.data)), None)

    def shown():
        now = splats.read(thing.data)
        gone = attributes.get(thing.data, splats.HIDDEN)
        base = np.zeros((len(now), 4))
        snapshot = clouds.Snapshot(now.means, now.scales, now.quats, base, None, gone)
        (found,) = marks.visible([place.anchors], snapshot)
        return found

    assert shown()
    for number, stays in ((0, True), (1, False)):
        splats.set_selection(thing.data, heap(number))
        bpy.ops.ludvig.hide()
        assert shown() == stays
        bpy.ops.ludvig.show()
        assert shown()
    # Deleting others moves rows, and changes nothing.
    splats.set_selection(thing.data, heap(0))
    bpy.ops.ludvig.delete()
    assert shown()
    splats.set_selection(thing.data, heap(1)[60:])
    bpy.ops.ludvig.delete()
    assert not shown()


@pytest.mark.skipif(bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2")
@pytest.mark.parametrize("mode", ["ADD", "REMOVE"])
def test_drawn(mode):
    """A click is marked in green or red, more faintly behind splats.

    The mark is gone with the switch, or with the segment.
    """
    gpu.init()
    thing = scene()
    thing.matrix_world = Matrix.Rotation(0.3, 4, "Z")
    camera_at(thing, (1, -2, -12))
    click(thing, 0)
    click(thing, 0, mode=mode)
    thing.ludvig.segments[0].prompts.remove(0)
    splats.set_selection(thing.data, heap(0) & False)
    region = Region()
    try:
        with_marks = {back: frame(region, thing, back) for back in (False, True)}
        bpy.context.scene.ludvig.prompts = False
        without = {back: frame(region, thing, back) for back in (False, True)}
        change = {back: (with_marks[back] - without[back])[..., :3] for back in (False, True)}
        channel = 1 if mode == "ADD" else 0
        changed = np.abs(change[False]).max(2) > 0.05
        assert 40 < changed.sum() < 400
        assert change[False][..., channel].max() > 0.3 > change[False][..., 1 - channel].max()
        rows, columns = np.nonzero(changed)
        assert np.hypot(rows.mean() - 30, columns.mean() - 45) < 8
        front, behind = (np.abs(change[back]).sum() for back in (False, True))
        assert 0.1 * front < behind < 0.7 * front
    finally:
        blender_module("ludvig_blender.viewport").drop()
        region.offscreen.free()


def frame(region, thing, back):
    """From where the click was made, or from behind."""
    eye = thing.matrix_world @ Matrix.Translation((0, 0, 4 if back else -4))
    region.view = (eye @ Matrix.Rotation(0 if back else np.pi, 4, "X")).inverted()
    return region.settled()
