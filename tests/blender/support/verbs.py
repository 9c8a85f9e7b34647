"""What can be done with splats, and that it does what it should, computed here."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

import clouds
from acts import choose, click, hidden, of_heap, run, selected, thing
from extension import blender_module
from looks import pixel_of
from stand_in import NEAR

frame = blender_module("ludvig_blender.data.frame")
splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")


def set_by_click():
    click()
    np.testing.assert_array_equal(selected(), of_heap(2) & ~hidden())


def add_and_remove_by_click():
    click()
    others = [n for n in (0, 1) if (of_heap(n) & ~hidden()).any()]
    for mode, with_other in (("ADD", True), ("REMOVE", False)):
        for other in others:
            click(other, mode=mode)
        expected = np.isin(splats.read(thing().data).sh0[:, 0].argmax(1), others) & with_other
        np.testing.assert_array_equal(selected(), (expected | of_heap(2)) & ~hidden())


def scribble():
    means = splats.read(thing().data).means[of_heap(2) & ~hidden()]
    line = " ".join(pixel_of(thing(), mean) for mean in means[:2])
    run(bpy.ops.ludvig.scribble, pixels=line, radius=2)
    np.testing.assert_array_equal(selected(), of_heap(2) & ~hidden())


def find_again():
    click()
    run(bpy.ops.ludvig.solve)
    np.testing.assert_array_equal(selected(), of_heap(2) & ~hidden())


def near(chosen):
    means = splats.read(thing().data).means
    return (np.linalg.norm(means[:, None] - means[chosen], axis=2) < NEAR).any(1)


def grow():
    choose(1)
    expected = near(selected()) & ~hidden()
    run(bpy.ops.ludvig.grow)
    np.testing.assert_array_equal(selected(), expected)


def shrink():
    choose(2)
    expected = selected() & ~near(~selected())
    run(bpy.ops.ludvig.shrink)
    np.testing.assert_array_equal(selected(), expected)


def compute():
    run(bpy.ops.ludvig.compute)
    run(bpy.ops.ludvig.preview_features)
    np.testing.assert_array_equal(
        attributes.get(thing().data, "ludvig_features"), splats.read(thing().data).sh0[:, 0]
    )


def find_all():
    thing().ludvig.granularity = 1
    run(bpy.ops.ludvig.segments_auto)
    parts = [segments.mask(thing(), one) for one in thing().ludvig.segments if one.leaf >= 0]
    for number in range(3):
        if of_heap(number).any():
            assert sum(np.array_equal(part, of_heap(number)) for part in parts) == 1
    choose(2)
    run(bpy.ops.ludvig.segment_add, name="picked", from_selection=True)
    run(bpy.ops.ludvig.select_like)
    np.testing.assert_array_equal(selected(), of_heap(2) & ~hidden())
    segments.remove(thing(), thing().ludvig.segments["picked"])
    thing().ludvig.most = 0
    thing().ludvig.most = 32
    thing().ludvig.active_segment = 0


def export():
    choose(2)
    path = Path(bpy.app.tempdir) / "out.ply"
    run(bpy.ops.ludvig.export_splats, filepath=str(path), only_selected=True, apply_transform=False)
    found = blender_module("ludvig_engine.io.ply").read_ply(path).gaussians
    chosen = np.flatnonzero(selected())
    in_file = np.argsort(clouds.rows(thing().data)[chosen].view(np.uint32), kind="stable")
    expected = splats.read(thing().data).take(chosen[in_file])
    np.testing.assert_array_equal(found.means, expected.means + frame.origin(thing()))


def recolor():
    choose(2)
    before = splats.read(thing().data).sh0
    run(bpy.ops.ludvig.recolor, method="REPLACE", color=(0.9, 0.8, 0.1))
    after = splats.read(thing().data).sh0
    np.testing.assert_array_equal((before != after).any((1, 2)), selected())
    bpy.ops.ed.undo()
    np.testing.assert_array_equal(splats.read(thing().data).sh0, before)


def invert():
    before = selected()
    run(bpy.ops.ludvig.select, action="INVERT")
    np.testing.assert_array_equal(selected(), ~before & ~hidden())


def move_the_certainty():
    click()
    run(bpy.ops.ludvig.segment_assign)
    thing().ludvig.segments[0].threshold = 0
    np.testing.assert_array_equal(
        selected(), segments.mask(thing(), thing().ludvig.segments[0]) & ~hidden()
    )


def delete():
    choose(1)
    kept = splats.read(thing().data).take(~selected())
    run(bpy.ops.ludvig.delete)
    np.testing.assert_array_equal(splats.read(thing().data).means, kept.means)


VERBS = (
    *(set_by_click, add_and_remove_by_click, scribble, find_again, grow, shrink, compute),
    *(find_all, recolor, invert, move_the_certainty, delete, export),
)
