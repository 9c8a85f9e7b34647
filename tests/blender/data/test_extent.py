"""The box of an object: around its splats, whatever floaters there are, and wherever they are."""

import bpy
import numpy as np
import pytest

import clouds
from extension import blender_module

adoption = blender_module("ludvig_blender.data.adoption")
attributes = blender_module("ludvig_blender.data.attributes")
splats = blender_module("ludvig_blender.data.splats")
SIZE = (2.0, 1.0, 0.5)  # of a block of splats, which lies around the origin
FLOATERS = np.array([[90, 0, 0], [0, -70, 0], [30, 30, 30], [-1, -1, -60]], np.float32)


def block(floaters_at):
    """Splats that fill a block, with floaters in these rows."""
    some = np.random.default_rng(3).uniform(-0.5, 0.5, (500, 3)).astype(np.float32) * SIZE
    made = clouds.gaussians(500, seed=3)
    made.means[:] = some
    made.means[floaters_at] = FLOATERS[: len(floaters_at)]
    return made


def file_of(folder, made):
    """A file with the sizes of the splats, which are small."""
    sizes = {f"scale_{i}": np.log(made.scales[:, i]) for i in range(3)}
    return clouds.write_ply(folder / "a.ply", made, extras=sizes)


def box(thing):
    """The lower and the upper corner of an object's box, in its own space."""
    bpy.context.view_layer.update()
    corners = np.array([*map(list, thing.bound_box)])
    return corners.min(0), corners.max(0)


def assert_box_of(thing, means, floaters_at=()):
    """The box is that of the points but the floaters."""
    means = np.delete(means, floaters_at, axis=0)
    for found, expected in zip(box(thing), (means.min(0), means.max(0)), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def imported(path):
    assert bpy.ops.ludvig.import_splats(filepath=str(path)) == {"FINISHED"}
    return bpy.context.object


@pytest.mark.parametrize("rows", [(), (7,), (5, 100, 250, 499), (0,), (0, 1, 2, 3)])
def test_a_box_without_floaters(rows, tmp_path):
    """A first splat that is a floater changes its place, which the file never sees."""
    rows = list(rows)
    source = file_of(tmp_path, block(rows))
    thing = imported(source)
    means = splats.read(thing.data).means
    far = np.flatnonzero(np.abs(means).max(1) > 5)
    assert len(far) == len(rows) and 0 not in far
    assert_box_of(thing, means, far)
    bpy.ops.ludvig.export_splats(filepath=str(tmp_path / "b.ply"), apply_transform=False)
    again, expected = clouds.columns(tmp_path / "b.ply"), clouds.columns(source)
    for name, values in expected.items():
        np.testing.assert_array_equal(again[name], values)


@pytest.mark.parametrize("gap, inside", [(0.0, True), (1.5, False)], ids=["neck", "wall"])
def test_a_neck_is_in_the_box_and_a_wall_behind_a_gap_is_not(gap, inside, tmp_path):
    made = block([])
    made.means[:60, 0] = 1 + gap + np.linspace(0, 2, 60)
    made.means[:60, 1:] *= 0.2
    means = splats.read(imported(file_of(tmp_path, made)).data).means
    far = np.flatnonzero(means[:, 0] > 1.2)
    assert len(far) > 50
    assert_box_of(bpy.context.object, means, () if inside else far)


def test_what_is_separated_and_what_stays(tmp_path):
    """A floater of the scene is one of its part too, and parts may be nothing but floaters."""
    rows = [5, 100, 250, 499]
    whole = imported(file_of(tmp_path, block(rows)))
    means = splats.read(whole.data).means
    chosen = means[:, 0] > 0.3
    splats.set_selection(whole.data, chosen)
    bpy.ops.ludvig.separate("EXEC_DEFAULT", True)
    part = bpy.context.object
    found = splats.read(part.data).means
    assert_box_of(part, found, np.flatnonzero(np.abs(found).max(1) > 5))
    assert_box_of(whole, means[~chosen], np.flatnonzero(np.abs(means[~chosen]).max(1) > 5))
    splats.set_selection(part.data, np.abs(found).max(1) > 5)
    bpy.context.view_layer.objects.active = part
    bpy.ops.ludvig.separate("EXEC_DEFAULT", True)
    alone = bpy.context.object
    assert len(alone.data.points) == 2
    low, high = box(alone)
    assert (high >= low).all() and (high > low).any()


def test_splats_of_blender_and_of_other_importers_have_one_too():
    made = block([0, 9])
    thing = clouds.splat_object(made)
    attributes.drop(thing.data, splats.ROW)  # which nobody else makes
    adoption.adopt(thing)
    found = splats.read(thing.data)
    assert_box_of(thing, found.means, np.flatnonzero(np.abs(found.means).max(1) > 5))
    clouds.assert_same(found.take(np.lexsort(found.means.T)), made.take(np.lexsort(made.means.T)))
