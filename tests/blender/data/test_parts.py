"""Parts found without prompts: the slider cuts a kept hierarchy, and asks no engine."""

import bpy
import numpy as np
import pytest

from extension import blender_module
from looks import heap, scene
from ludvig_engine.wire.methods import Segments

parts = blender_module("ludvig_blender.data.parts")
segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
link = blender_module("ludvig_blender.engine.link")


@pytest.fixture
def thing():
    """Three heaps as leaves 0, 1, 2: the last two merge at 0.6, all at 0.2."""
    thing = scene()
    leaves = sum(n * heap(n) for n in range(3)).astype(np.int32)
    leaves[0] = -1
    features = np.array([[0, 0], [1, 0], [1, 0.1]], np.float32)
    merges, levels = np.array([[1, 2], [0, 3]], np.int32), np.array([0.6, 0.2], np.float32)
    parts.keep(thing, Segments(leaves, 3, {}, leaves, merges, levels, features))
    parts.cut(thing)
    return thing


def sizes(thing):
    return [int(segments.mask(thing, one).sum()) for one in thing.ludvig.segments]


@pytest.mark.parametrize(
    "granularity, expected", [(1, [59, 60, 60]), (0.5, [59, 120]), (0.6, [59, 120]), (0.1, [179])]
)
def test_the_slider_cuts_without_the_engine(thing, granularity, expected, monkeypatch):
    monkeypatch.setattr(link, "running", lambda: pytest.fail("the engine was asked"))
    thing.ludvig.granularity = granularity
    assert sorted(sizes(thing)) == expected
    masks = [segments.mask(thing, one) for one in thing.ludvig.segments]
    assert (np.sum(masks, 0) <= 1).all() and not any(mask[0] for mask in masks)


def test_back_and_forth_is_the_same(thing):
    thing.ludvig.granularity = 1
    before = {one.leaf: segments.mask(thing, one) for one in thing.ludvig.segments}
    for granularity in (0.3, 0, 0.7, 1):
        thing.ludvig.granularity = granularity
    after = {one.leaf: segments.mask(thing, one) for one in thing.ludvig.segments}
    assert before.keys() == after.keys()
    assert all((before[leaf] == after[leaf]).all() for leaf in before)


def test_a_part_keeps_its_name_and_color_when_it_grows(thing):
    thing.ludvig.granularity = 1
    part = next(one for one in thing.ludvig.segments if one.leaf == 1)
    part.name, part.color = "Chair", (0.1, 0.2, 0.3)
    thing.ludvig.granularity = 0.5
    (part,) = (one for one in thing.ludvig.segments if one.leaf == 1)
    assert part.name == "Chair" and segments.mask(thing, part).sum() == 120
    np.testing.assert_allclose(part.color, (0.1, 0.2, 0.3), atol=1e-6)


def test_only_parts_that_change_are_written(thing, monkeypatch):
    written = []
    monkeypatch.setattr(parts.attributes, "put", lambda data, name, *_: written.append(name))
    thing.ludvig.granularity = 0.45
    assert not written
    thing.ludvig.granularity = 0.1
    assert len(written) == 1


def test_what_the_user_has_changed_stays(thing):
    own = thing.ludvig.segments[0]
    number, chosen = own.number, heap(2)
    segments.assign(thing, own, chosen)
    for granularity in (0, 1):
        thing.ludvig.granularity = granularity
        np.testing.assert_array_equal(segments.mask(thing, segments.find(thing, number)), chosen)


def test_the_largest_are_shown(thing):
    thing.ludvig.granularity = 1
    thing.ludvig.most = 2
    assert sorted(sizes(thing)) == [60, 60]


def test_parts_of_separated_splats_are_cut_too(thing):
    """The attribute goes with the splats; leaves that are gone make no parts."""
    few = splats.write.__globals__["attributes"].get(thing.data, parts.LEAF)
    assert set(few) == {-1, 0, 1, 2}
    parts.attributes.put(thing.data, parts.LEAF, "INT", np.where(few == 2, -1, few))
    thing.ludvig.granularity = 1
    assert sorted(sizes(thing)) == [59, 60]


def test_select_all_like_this(thing):
    thing.ludvig.granularity = 1
    index = next(n for n, one in enumerate(thing.ludvig.segments) if one.leaf == 1)
    thing.ludvig.active_segment = index
    bpy.ops.ludvig.select_like(distance=0.2)
    np.testing.assert_array_equal(splats.selection(thing.data), heap(1) | heap(2))
    bpy.ops.ludvig.select_like(distance=0.05)
    np.testing.assert_array_equal(splats.selection(thing.data), heap(1))
    segments.hide(thing, heap(1))
    bpy.ops.ludvig.select_like(distance=0.2)
    np.testing.assert_array_equal(splats.selection(thing.data), heap(2))


def test_nothing_is_cut_without_a_hierarchy():
    thing = scene()
    thing.ludvig.granularity = 0.9
    assert not len(thing.ludvig.segments)
    assert not bpy.ops.ludvig.select_like.poll()
