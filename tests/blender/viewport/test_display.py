"""The viewport's display follows what changes, off the main thread, and survives what goes wrong.

Blender calls no draw handlers without a window, so a region is made up here; what is drawn into
it is real.
"""

import threading
import time

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from clouds import gaussians, splat_object
from extension import blender_module
from region import HEIGHT, WIDTH

splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
changes = blender_module("ludvig_blender.data.changes")
viewport = blender_module("ludvig_blender.viewport")
pytestmark = pytest.mark.skipif(
    bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2"
)


def test_drawn_in_linear_light(region):
    thing = splat_object(gaussians(300, scale=0.15))
    frame = region.settled()
    assert frame[..., 3].mean() > 0.2
    lens = blender_module("ludvig_blender.maths.lens").Lens(
        np.array(region.view, np.float64), np.array(region.projection), WIDTH, HEIGHT
    )
    picture = blender_module("ludvig_blender.viewport.picture").render([thing], lens)[::-1]
    straight = np.clip(picture[..., :3] / np.maximum(picture[..., 3:], 1e-6), 0, 1)
    linear = np.where(straight <= 0.04045, straight / 12.92, ((straight + 0.055) / 1.055) ** 2.4)
    shown = picture[..., 3] > 2 / 255
    np.testing.assert_allclose(frame[shown][:, 3], picture[shown][:, 3], atol=0.01)
    np.testing.assert_allclose(frame[shown][:, :3], (linear * picture[..., 3:])[shown], atol=0.02)


def test_nothing_moves_nothing_is_drawn_again(region):
    splat_object(gaussians(300, scale=0.15))
    first = region.settled()
    view = region.display._views[1]
    target, drawn = view.target, view.drawn
    np.testing.assert_array_equal(region.draw(), first)
    assert view.target is target
    assert view.drawn is drawn


def test_half_resolution_while_moving(region):
    splat_object(gaussians(300, scale=0.15))
    region.settled()
    region.view = region.view @ Matrix.Rotation(0.3, 4, "Y")
    region.draw()
    assert region.display._views[1].target.width == WIDTH // 2
    frame = region.settled()
    assert region.display._views[1].target.width == WIDTH
    bpy.context.scene.ludvig.coarse = False
    region.view = region.view @ Matrix.Rotation(-0.3, 4, "Y")
    region.draw()
    assert region.display._views[1].target.width == WIDTH
    assert np.abs(region.settled() - frame).max() > 0.1


def test_what_changes_is_seen(region):
    thing = splat_object(gaussians(300, scale=0.15))
    plain = region.settled()
    splats.set_selection(thing.data, np.ones(300, bool))
    selected = region.settled()
    assert np.abs(selected - plain)[..., :3].max() > 0.1
    splats.set_selection(thing.data, np.zeros(300, bool))
    np.testing.assert_allclose(region.settled(), plain, atol=1e-6)
    attributes.put(thing.data, splats.HIDDEN, "BOOLEAN", np.ones(300))
    thing.data.update_tag()
    assert not region.settled().any()
    attributes.drop(thing.data, splats.HIDDEN)
    thing.data.update_tag()
    np.testing.assert_allclose(region.settled(), plain, atol=1e-6)
    thing.location.x = 1
    moved = region.settled()
    assert np.abs(moved - plain).max() > 0.1
    thing.hide_set(True)
    assert not region.settled().any()
    thing.hide_set(False)
    np.testing.assert_allclose(region.settled(), moved, atol=1e-6)


def test_modes_of_display(region):
    thing = splat_object(gaussians(300, scale=0.15))
    plain = region.settled()
    attributes.put(thing.data, "ludvig_pot", "FLOAT", np.linspace(0, 1, 300))
    attributes.put(
        thing.data, "ludvig_pca", "FLOAT_VECTOR", np.random.default_rng(0).random((300, 3))
    )
    segment = thing.ludvig.segments.add()
    segment.attribute = "ludvig_pot"
    frames = [plain]
    for mode, name in (
        ("SCORE", "ludvig_pot"),
        ("FEATURES", "ludvig_pca"),
        ("SEGMENTS", ""),
        ("COLOR", ""),
    ):
        thing.ludvig.attribute, thing.ludvig.mode = name, mode
        frames.append(region.settled())
        np.testing.assert_allclose(frames[-1][..., 3], plain[..., 3], atol=1e-3)
    np.testing.assert_allclose(frames.pop(), plain, atol=1e-6)
    for i, frame in enumerate(frames):
        assert all(np.abs(frame - other).max() > 0.05 for other in frames[:i])
    thing.ludvig.mode = "SEGMENTS"
    half = region.settled()
    segment.threshold = 0.9
    assert np.abs(region.settled() - half).max() > 0.05


def test_deleting_undoing_and_renaming(region):
    thing = splat_object(gaussians(300, scale=0.15))
    bpy.ops.ed.undo_push(message="made")
    plain = region.settled()
    attributes.put(thing.data, splats.SELECTION, "BOOLEAN", np.arange(300) < 200)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pointcloud.delete()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.ed.undo_push(message="deleted")
    fewer = region.settled()
    assert fewer[..., 3].mean() < plain[..., 3].mean() - 0.05
    bpy.data.objects["splats"].name = "renamed"
    np.testing.assert_allclose(region.settled(), fewer, atol=1e-6)
    bpy.ops.ed.undo()
    np.testing.assert_allclose(region.settled(), plain, atol=1e-6)
    bpy.ops.ed.redo()
    np.testing.assert_allclose(region.settled(), fewer, atol=1e-6)
    bpy.data.objects.remove(bpy.data.objects["splats"])
    assert not region.settled().any()


def test_several_objects_and_their_deletion(region):
    whole = gaussians(300, scale=0.15)
    first = splat_object(whole)
    plain = region.settled()
    odd = np.arange(300) % 2 == 1
    bpy.data.objects.remove(first)
    parts = [splat_object(whole.take(odd)), splat_object(whole.take(~odd))]
    np.testing.assert_allclose(region.settled(), plain, atol=0.01)
    bpy.data.objects.remove(parts[0])
    assert region.settled()[..., 3].mean() < plain[..., 3].mean()


def test_large_clouds_are_read_a_little_at_a_time(region, monkeypatch):
    monkeypatch.setattr(blender_module("ludvig_blender.viewport.intake"), "SMALL", 0)
    thing = splat_object(gaussians(300, scale=0.15))
    region.draw()
    assert region.display.intake.busy
    plain = region.settled()
    assert plain[..., 3].mean() > 0.2
    thing.data.update_tag()
    region.draw()
    region.display._pump()
    bpy.data.objects.remove(thing)  # while it is being read
    assert not region.settled().any()


def test_a_failure_is_told_once_and_points_are_drawn(region, monkeypatch, caplog):
    splat_object(gaussians(300, scale=0.15))
    painter = blender_module("ludvig_blender.viewport.painter")
    monkeypatch.setattr(painter, "Painter", lambda: 1 / 0)
    settled = []
    monkeypatch.setattr(bpy.app.timers, "register", lambda f, **_: settled.append(f), raising=False)
    for _ in range(30):
        region.draw()
        if not region.display._failed:
            region.display._pump()
        time.sleep(0.01)
    tell = [f for f in settled if f.__name__ == "settle"]
    assert len(tell) == 1
    assert len(caplog.records) == 1
    tell[0]()
    assert bpy.context.scene.ludvig.show == "POINTS"
    assert "ZeroDivisionError" in bpy.context.window_manager.ludvig.text
    monkeypatch.undo()
    assert region.settled()[..., 3].any()
    bpy.context.scene.ludvig.show = "SPLATS"
    assert region.settled()[..., 3].mean() > 0.2


def test_a_turn_of_the_timer_reads_one_attribute(region, monkeypatch):
    """Into memory that another thread has prepared, unless the cloud is small."""
    read = []
    turns = []
    pump = region.display._pump
    get = attributes.get

    def noted(geometry, name, memory=None):
        read.append((name, memory is not None))
        return get(geometry, name, memory)

    def turn():
        read.clear()
        again = pump()
        turns.append(list(read))
        return again

    monkeypatch.setattr(attributes, "get", noted)
    splat_object(gaussians(30_000, scale=0.01))
    region.display._pump = turn
    region.settled()
    assert max(map(len, turns)) == 1
    names = {name: prepared for turn in turns for name, prepared in turn}
    assert names.keys() >= {"position", "scale", "rotation", splats.BASE, "radiance:sh_0"}
    assert all(
        prepared
        for name, prepared in names.items()
        if name not in (splats.SELECTION, splats.HIDDEN)
    )


def test_stopping_leaves_nothing(region):
    splat_object(gaussians(300, scale=0.15))
    region.draw()
    timer = region.display._timer
    assert bpy.app.timers.is_registered(timer), "one timer, however often it is asked for"
    viewport.drop()
    assert not bpy.app.timers.is_registered(timer)
    assert not [t for t in threading.enumerate() if t.name.startswith("ludvig-viewport")]
