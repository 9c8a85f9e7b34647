"""Select By: every criterion, the ways to combine, live sliders, and what it says if it cannot."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import heap, scene

attributes = blender_module("ludvig_blender.data.attributes")
segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
measured = blender_module("ludvig_blender.data.measured")
N = 200


@pytest.fixture
def made():
    return gaussians(N)


@pytest.fixture
def thing(made):
    found = splat_object(made)
    found.scale = 2, 2, 2
    bpy.context.view_layer.update()
    splats.set_selection(found.data, np.zeros(N, bool))
    return found


def selection(thing):
    return splats.selection(thing.data)


def test_size_is_in_units_of_the_scene(thing, made):
    bpy.ops.ludvig.select_by(what="SIZE", low=0.2, high=0.5)
    longest = 2 * made.scales.max(axis=1)
    np.testing.assert_array_equal(selection(thing), (longest >= 0.2) & (longest <= 0.5))
    assert 10 < selection(thing).sum() < N - 10


def test_opacity(thing, made):
    bpy.ops.ludvig.select_by(what="OPACITY", high=0.3)
    np.testing.assert_array_equal(selection(thing), made.opacities <= np.float32(0.3))


def test_views_are_known_once_features_are_computed(thing):
    with pytest.raises(RuntimeError, match="not known how many photos"):
        bpy.ops.ludvig.select_by(what="VIEWS", high=2)
    views = np.linspace(0, 9, N, dtype=np.float32)
    attributes.put(thing.data, measured.VIEWS, "FLOAT", views)
    bpy.ops.ludvig.select_by(what="VIEWS", high=2)
    np.testing.assert_array_equal(selection(thing), views <= 2)


def test_compute_says_how_many_photos_show_each_splat():
    thing = scene()
    with engine_by(*STAND_IN):
        bpy.ops.ludvig.compute("EXEC_DEFAULT")
    bpy.ops.ludvig.select_by(what="VIEWS", low=3, high=5)  # of 0, 1, 2 and so on
    np.testing.assert_array_equal(np.flatnonzero(selection(thing)), [3, 4, 5])


def test_scores_of_the_active_segment_or_of_any_attribute(thing):
    with pytest.raises(RuntimeError, match="has no scores"):
        bpy.ops.ludvig.select_by(what="SCORE")
    ramp = np.linspace(0, 1, N, dtype=np.float32)
    segments.write(thing, segments.add(thing, "Pot"), ramp, 0.9)
    bpy.ops.ludvig.select_by(what="SCORE", low=0.25, high=0.5)
    np.testing.assert_array_equal(selection(thing), (ramp >= 0.25) & (ramp <= 0.5))
    attributes.put(thing.data, "age", "FLOAT", 100 * ramp)
    bpy.ops.ludvig.select_by(what="SCORE", attribute="age", low=90, high=1000)
    np.testing.assert_array_equal(selection(thing), ramp >= np.float32(0.9))
    for missing in ("weight", "position"):
        with pytest.raises(RuntimeError, match=f'no attribute "{missing}"'):
            bpy.ops.ludvig.select_by(what="SCORE", attribute=missing)


def test_color_of_the_segment():
    thing = scene()
    segments.write(thing, segments.add(thing, "Red"), heap(0).astype(np.float32), 0.5)
    bpy.ops.ludvig.compare_with_segment()
    own = thing.ludvig_criteria
    np.testing.assert_allclose(own.color, [1, 0.5, 0.5], atol=1e-3)
    bpy.ops.ludvig.select_by(what="COLOR", color=own.color, high=0.1)
    np.testing.assert_array_equal(selection(thing), heap(0))


def test_actions_combine_with_the_selection_and_leave_hidden_splats(thing, made):
    first, low = np.arange(N) < N // 2, made.opacities <= np.float32(0.5)
    for action, expected in {
        "SET": low,
        "ADD": first | low,
        "SUBTRACT": first & ~low,
        "INTERSECT": first & low,
    }.items():
        splats.set_selection(thing.data, first)
        bpy.ops.ludvig.select_by(what="OPACITY", high=0.5, action=action)
        np.testing.assert_array_equal(selection(thing), expected)
    hidden = np.arange(N) % 3 == 0
    segments.hide(thing, hidden)
    bpy.ops.ludvig.select_by(what="OPACITY", high=0.5)
    np.testing.assert_array_equal(selection(thing), low & ~hidden)


def test_sliders_select_while_they_move(thing, made):
    own = thing.ludvig_criteria
    own.what = "SIZE"
    longest = 2 * made.scales.max(axis=1)
    # Another criterion alone selects nothing; its range is all there are.
    assert not selection(thing).any()
    assert own.low == 0 and own.high == np.float32(longest.max())
    for place in (0.7, 0.4):
        own.right = place
        np.testing.assert_array_equal(selection(thing), longest <= np.float32(own.high))
        assert own.right == pytest.approx(place, abs=1e-4)
    own.left = 1.0
    assert own.high == own.low == np.float32(longest.max())  # a bound takes the other along
    own.high = 0.3
    np.testing.assert_array_equal(selection(thing), longest == np.float32(0.3))


def test_a_slider_adds_to_what_was_selected_before_it_moved(thing, made):
    own, first = thing.ludvig_criteria, np.arange(N) < 40
    splats.set_selection(thing.data, first)
    own.action = "ADD"
    for high in (0.8, 0.2):  # what 0.8 has added goes again
        own.high = high
        np.testing.assert_array_equal(
            selection(thing), first | (made.opacities <= np.float32(high))
        )
    other = np.arange(N) > 150
    splats.set_selection(thing.data, other)  # by somebody else
    own.high = 0.1
    np.testing.assert_array_equal(selection(thing), other | (made.opacities <= np.float32(0.1)))
    own.action = "SUBTRACT"
    before = selection(thing)
    own.high = 0.5
    np.testing.assert_array_equal(selection(thing), before & (made.opacities > np.float32(0.5)))


def test_what_is_measured_follows_the_splats(thing, made):
    own = thing.ludvig_criteria
    own.high = 0.5
    changed = made.opacities[::-1].copy()
    splats.write_colors(thing.data, made.sh0, made.shN, changed)
    own.high = 0.4
    np.testing.assert_array_equal(selection(thing), changed <= np.float32(0.4))
    thing.scale = 4, 4, 4
    bpy.context.view_layer.update()
    own.what = "SIZE"
    assert own.high == np.float32(4 * made.scales.max())


def test_one_undo_step(thing, made):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ludvig.select_by("EXEC_DEFAULT", True, what="OPACITY", high=0.5)
    bpy.ops.ludvig.select_by("EXEC_DEFAULT", True, what="OPACITY", high=0.2)
    bpy.ops.ed.undo()
    thing = bpy.data.objects["splats"]
    np.testing.assert_array_equal(selection(thing), made.opacities <= np.float32(0.5))
    bpy.ops.ed.undo()
    assert not selection(bpy.data.objects["splats"]).any()


def test_a_drag_reads_only_the_selection(thing, monkeypatch):
    """With a window, where Blender notifies us of changes."""
    changes = blender_module("ludvig_blender.data.changes")
    app = SimpleNamespace(background=False)
    monkeypatch.setattr(measured, "bpy", SimpleNamespace(app=app))
    own, read = thing.ludvig_criteria, []
    own.what = "SIZE"
    get = attributes.get
    monkeypatch.setattr(attributes, "get", lambda *a: [read.append(a[1]), get(*a)][1])
    for high in (0.4, 0.3):
        own.high = high
        changes.version += 1  # Blender has noticed that something was written
    assert set(read) == {splats.SELECTION, splats.HIDDEN}
    changes.version += 1  # somebody else has written
    own.high = 0.2
    assert "scale" in read
