"""Segments are named attributes: they are renamed, removed, combined and stored with them.

The threshold needs no engine.
"""

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object
from extension import blender_module

segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
counts = blender_module("ludvig_blender.data.counts")
N = 100
RAMP = np.linspace(0, 1, N, dtype=np.float32)


def with_segments(*scores):
    """An object with a segment "s0", "s1", ... for each array of scores."""
    thing = splat_object(gaussians(N))
    for number, values in enumerate(scores):
        segments.write(
            thing, segments.add(thing, f"s{number}"), np.asarray(values, np.float32), 0.5
        )
    return thing


def mask(thing, name):
    return segments.mask(thing, thing.ludvig.segments[name])


def test_threshold_selects_without_the_engine():
    thing = with_segments(RAMP)
    for threshold in (0.25, 0.9, 0.0, 1.0):
        thing.ludvig.segments[0].threshold = threshold
        np.testing.assert_array_equal(splats.selection(thing.data), np.float32(threshold) < RAMP)
        assert (
            counts.members(thing, thing.ludvig.segments[0]) == (np.float32(threshold) < RAMP).sum()
        )
    np.testing.assert_array_equal(attributes.get(thing.data, "ludvig_s0"), RAMP)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("pot", "pot"),
        ("s1", "s1 2"),
        ("  ", "Segment"),
        ("Großer Spaß 目录", "Großer Spaß 目录"),
        ("x" * 80, "x" * 56),
    ],
)
def test_rename(typed, name):
    thing = with_segments(RAMP, RAMP[::-1])
    segment = thing.ludvig.segments[0]
    segment.name = typed
    assert (segment.name, segment.attribute) == (name, f"ludvig_{name}")
    np.testing.assert_array_equal(attributes.get(thing.data, f"ludvig_{name}"), RAMP)
    assert "ludvig_s0" not in thing.data.attributes
    np.testing.assert_array_equal(attributes.get(thing.data, "ludvig_s1"), RAMP[::-1])


def test_two_of_the_same_name():
    thing = splat_object(gaussians(N))
    names = [segments.add(thing).name for _ in range(3)]
    assert names == ["Segment", "Segment 2", "Segment 3"]
    assert len({tuple(segment.color) for segment in thing.ludvig.segments}) == 3


def test_remove():
    thing = with_segments(RAMP, RAMP, RAMP)
    thing.ludvig.active_segment = 1
    bpy.ops.ludvig.segment_remove()
    assert thing.ludvig.segments.keys() == ["s0", "s2"]
    assert "ludvig_s1" not in thing.data.attributes
    assert segments.active(thing).name == "s2"
    bpy.ops.ludvig.segment_add(name="new")
    assert len({segment.number for segment in thing.ludvig.segments}) == 3
    for _ in range(3):
        bpy.ops.ludvig.segment_remove()
    assert segments.active(thing) is None
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.segment_remove()


@pytest.mark.parametrize("operation", ["UNION", "DIFFERENCE", "INTERSECT"])
@pytest.mark.parametrize("keep", [True, False])
def test_combine(operation, keep):
    rng = np.random.default_rng(1)
    thing = with_segments(rng.random(N), rng.random(N))
    thing.ludvig.segments[1].threshold = 0.7
    a, b = mask(thing, "s0"), mask(thing, "s1")
    thing.ludvig.active_segment = 0
    bpy.ops.ludvig.segment_combine(operation=operation, other="s1", keep=keep)
    expected = {"UNION": a | b, "DIFFERENCE": a & ~b, "INTERSECT": a & b}[operation]
    np.testing.assert_array_equal(mask(thing, "s0"), expected)
    np.testing.assert_array_equal(splats.selection(thing.data), expected)
    assert ("s1" in thing.ludvig.segments) == keep


def test_combine_with_what_is_not_there():
    thing = with_segments(RAMP, RAMP)
    with pytest.raises(RuntimeError, match='There is no other segment "pot"'):
        bpy.ops.ludvig.segment_combine(other="pot")
    bpy.ops.ludvig.segment_remove()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.segment_combine(other="s1")
    np.testing.assert_array_equal(mask(thing, "s0"), RAMP > 0.5)


def test_select_and_assign():
    thing = with_segments(RAMP, RAMP[::-1])
    a, b = mask(thing, "s0"), mask(thing, "s1")
    thing.ludvig.active_segment = 0
    bpy.ops.ludvig.segment_select()
    np.testing.assert_array_equal(splats.selection(thing.data), a)
    for action, expected in (
        ("ADD", a | b),
        ("SUBTRACT", (a | b) & ~b),
        ("SET", b),
        ("INTERSECT", b & b),
    ):
        bpy.ops.ludvig.segment_select(action=action, segment="s1")
        np.testing.assert_array_equal(splats.selection(thing.data), expected)
    odd = np.arange(N) % 2 == 1
    splats.set_selection(thing.data, odd)
    bpy.ops.ludvig.segment_assign()
    np.testing.assert_array_equal(mask(thing, "s0"), odd)
    np.testing.assert_array_equal(attributes.get(thing.data, "ludvig_s0")[a & odd], RAMP[a & odd])
    bpy.ops.ludvig.segment_add(name="odd", from_selection=True)
    np.testing.assert_array_equal(mask(thing, "odd"), odd)


def test_overlaps_go_to_the_surest_and_then_to_the_first():
    thing = with_segments(np.full(N, 0.8), RAMP, np.full(N, 0.8))
    before = np.any([mask(thing, name) for name in ("s0", "s1", "s2")], axis=0)
    bpy.ops.ludvig.segment_separate_overlaps()
    np.testing.assert_array_equal(mask(thing, "s1"), np.float32(0.8) < RAMP)
    np.testing.assert_array_equal(mask(thing, "s0"), np.float32(0.8) >= RAMP)
    assert not mask(thing, "s2").any()
    np.testing.assert_array_equal(
        np.any([mask(thing, name) for name in ("s0", "s1", "s2")], axis=0), before
    )


def test_the_eye_hides():
    thing = with_segments(RAMP)
    segment = thing.ludvig.segments[0]
    segment.visible = False
    np.testing.assert_array_equal(segments.hidden(thing), RAMP > 0.5)
    bpy.ops.ludvig.show()
    assert segment.visible
    assert not segments.hidden(thing).any()


def test_blenders_deleting_and_separating_keep_segments_right():
    thing = with_segments(RAMP)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pointcloud.separate()
    bpy.ops.object.mode_set(mode="OBJECT")
    (other,) = set(bpy.data.objects) - {thing}
    assert counts.members(thing, thing.ludvig.segments[0]) == 0
    assert counts.members(other, other.ludvig.segments[0]) == 50
    np.testing.assert_array_equal(
        segments.scores(other, other.ludvig.segments[0]), RAMP[RAMP > 0.5]
    )


def test_saved_with_prompts_and_loaded(tmp_path):
    thing = with_segments(RAMP)
    prompts = blender_module("ludvig_blender.data.prompts")
    viewport = blender_module("ludvig_engine.wire.methods").Viewport(
        np.arange(16.0).reshape(4, 4), np.diag([3.0, 2, 1]), 640, 480
    )
    made = prompts.add(thing.ludvig.segments[0], "SCRIBBLE", positive=False, through=True)
    prompts.place(made, viewport, np.array([[1, 2.5], [100, 200]]), 7)
    before = prompts.request(made)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    thing = bpy.data.objects["splats"]
    segment = thing.ludvig.segments["s0"]
    np.testing.assert_array_equal(segments.scores(thing, segment), RAMP)
    after = prompts.request(segment.prompts[0])
    for field in ("kind", "positive", "through", "radius"):
        assert getattr(after, field) == getattr(before, field)
    np.testing.assert_array_equal(after.pixels, [[1, 2.5], [100, 200]])
    np.testing.assert_array_equal(after.viewport.viewmat, viewport.viewmat)
    np.testing.assert_array_equal(after.viewport.K, viewport.K)
    assert (after.viewport.width, after.viewport.height) == (640, 480)


def test_the_selection_follows_the_slider(monkeypatch):
    """Each move reads the scores once and writes the selection once.

    tests/blender/support/bench.py measures how long that takes.
    """
    count = 10_000
    thing = splat_object(gaussians(count))
    segment = segments.add(thing)
    values = np.random.default_rng(0).random(count, np.float32)
    segments.write(thing, segment, values, 0.5)
    read, written = [], []
    get, set_selection = attributes.get, splats.set_selection

    def noted(geometry, name, memory=None):
        read.append(name)
        return get(geometry, name, memory)

    def selected(geometry, chosen):
        written.append(chosen)
        set_selection(geometry, chosen)

    monkeypatch.setattr(attributes, "get", noted)
    monkeypatch.setattr(splats, "set_selection", selected)
    moves = np.linspace(0.1, 0.9, 20)
    for threshold in moves:
        segment.threshold = float(threshold)
    monkeypatch.undo()
    assert read.count(segment.attribute) == len(written) == len(moves)
    np.testing.assert_array_equal(splats.selection(thing.data), values > np.float32(0.9))
