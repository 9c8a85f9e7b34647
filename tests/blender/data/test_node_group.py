"""The Geometry Nodes group gives a segment's splats, and its modifier follows the segment."""

import bpy
import numpy as np
import pytest

import clouds
from clouds import gaussians, splat_object
from extension import blender_module

segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
nodes = blender_module("ludvig_blender.data.node_group")
N = 100
RAMP = np.linspace(0, 1, N, dtype=np.float32)


def modified(**options):
    thing = splat_object(gaussians(N))
    segments.write(thing, segments.add(thing, "pot"), RAMP, 0.5)
    bpy.ops.ludvig.segment_modifier(**options)
    return thing


def left(thing):
    """The rows that the modifiers leave."""
    bpy.context.view_layer.update()
    return clouds.rows(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data)


@pytest.mark.parametrize("invert", [False, True])
def test_leaves_the_segment(invert):
    thing = modified(invert=invert)
    np.testing.assert_array_equal(left(thing), np.flatnonzero((RAMP > 0.5) != invert))
    assert len(thing.data.points) == N


def test_follows_certainty_and_name():
    thing = modified()
    segment = thing.ludvig.segments[0]
    segment.threshold = 0.9
    np.testing.assert_array_equal(left(thing), np.flatnonzero(RAMP > 0.9))
    segment.name = "vase"
    np.testing.assert_array_equal(left(thing), np.flatnonzero(RAMP > 0.9))
    assert nodes.get_input(thing.modifiers[0], "Attribute") == "ludvig_vase"


def test_one_group_for_all():
    thing = modified()
    segments.write(thing, segments.add(thing, "table"), RAMP[::-1], 0.2)
    bpy.ops.ludvig.segment_modifier()
    assert [group.name for group in bpy.data.node_groups] == [nodes.GROUP]
    np.testing.assert_array_equal(left(thing), np.flatnonzero((RAMP > 0.5) & (RAMP[::-1] > 0.2)))
    thing.ludvig.segments[1].threshold = 0.4
    np.testing.assert_array_equal(left(thing), np.flatnonzero((RAMP > 0.5) & (RAMP[::-1] > 0.4)))


def test_needs_a_segment_with_scores():
    thing = splat_object(gaussians(5))
    segments.add(thing)
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.segment_modifier()
