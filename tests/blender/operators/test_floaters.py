"""Select Floaters: the answer is a segment, and its slider needs no engine."""

import bpy
import numpy as np
import pytest

from extension import blender_module
from looks import heap, scene
from ludvig_engine.wire.methods import Floaters

floaters = blender_module("ludvig_blender.operators.floaters")
segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
subject = blender_module("ludvig_blender.engine.subject")
link = blender_module("ludvig_blender.engine.link")

SCORES = np.where(heap(0), 0.9, np.where(heap(1), 0.4, 0.0)).astype(np.float32)


@pytest.fixture
def thing(monkeypatch):
    """Three heaps, whose engine answers at once that the first one floats."""
    found = scene()

    def ask(self, request, *, done, label):
        assert request.method == "scene/floaters" and label == "Select Floaters"
        done(found, Floaters(SCORES, 0.5, {}))

    monkeypatch.setattr(subject.Subject, "ask", ask)
    monkeypatch.setattr(link, "finish", lambda operator, task: {"FINISHED"})
    return found


def test_floaters_are_a_segment_and_selected(thing):
    bpy.ops.ludvig.select_floaters()
    (segment,) = thing.ludvig.segments
    assert segment.name == "Floaters"
    np.testing.assert_array_equal(segments.mask(thing, segment), heap(0))
    np.testing.assert_array_equal(splats.selection(thing.data), heap(0))


def test_the_slider_is_live_and_asks_no_engine(thing, monkeypatch):
    bpy.ops.ludvig.select_floaters()
    monkeypatch.setattr(link, "running", lambda: pytest.fail("the engine was asked"))
    (segment,) = thing.ludvig.segments
    for threshold, expected in ((0.3, heap(0) | heap(1)), (0.95, heap(0) & False), (0.5, heap(0))):
        segment.threshold = threshold
        np.testing.assert_array_equal(splats.selection(thing.data), expected)


def test_finding_again_adds_no_segment_and_leaves_others(thing):
    other = segments.add(thing, "Pot")
    segments.write(thing, other, heap(2).astype(np.float32), 0.5)
    for _ in range(2):
        bpy.ops.ludvig.select_floaters()
    assert [segment.name for segment in thing.ludvig.segments] == ["Pot", "Floaters"]
    assert segments.active(thing).name == "Floaters"
    np.testing.assert_array_equal(segments.mask(thing, thing.ludvig.segments[0]), heap(2))


def test_without_splats_it_says_why():
    for one in list(bpy.data.objects):
        bpy.data.objects.remove(one)
    assert not bpy.ops.ludvig.select_floaters.poll()
