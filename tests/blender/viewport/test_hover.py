"""While the mouse rests, what a click would hit is found and lit, and nothing waits for it."""

import bpy
import numpy as np
import pytest
from waiting import wait_for

from extension import blender_module
from looks import CENTERS, camera_at, heap, pixel_of, scene

attributes = blender_module("ludvig_blender.data.attributes")
parts = blender_module("ludvig_blender.data.parts")
segments = blender_module("ludvig_blender.data.segments")
picture = blender_module("ludvig_blender.viewport.picture")
hovers = blender_module("ludvig_blender.viewport.hover")
intakes = blender_module("ludvig_blender.viewport.intake")
screens = blender_module("ludvig_blender.viewport.screens")
workers = blender_module("ludvig_blender.viewport.worker")
pump = blender_module("ludvig_blender.engine.pump")
TOOL = "ludvig.click_tool"


class Mouse:
    """It points at splats through the scene's camera; the timers of Blender run on demand."""

    def __init__(self):
        self.worker = workers.Worker()
        self.intake = intakes.Intake(self.worker)
        self.hover = hovers.Hover(
            self.worker, self.intake, screens.Screens(self.worker), lambda: None
        )

    def read(self, thing):
        """What Blender's next redraw does: read what has changed."""
        self.intake.read_again(thing)
        self.intake.cloud(thing)

        def turn():
            self.intake.step()
            self.worker.poll()

        assert wait_for(lambda: not self.intake.busy and not self.worker.busy(), turn)

    def rest(self, thing, point=None):
        """Point at a place of object space, or beside everything; the rows that are lit then."""
        depsgraph = bpy.context.evaluated_depsgraph_get()
        lens = picture.camera_lens(bpy.context.scene.camera, bpy.context.scene, depsgraph)
        x, y = (5.0, 5.0) if point is None else map(float, pixel_of(thing, point).split())
        self.hover.move(thing, lens, (x, lens.height - 1 - y), TOOL)
        left = 0.0

        def turn():
            nonlocal left
            if left is not None:
                left = self.hover._rested()
            self.intake.step()
            self.worker.poll()

        assert wait_for(lambda: left is None and not self.worker.busy(), turn)
        lit = self.hover.shown(TOOL)
        found = np.zeros(len(thing.data.points), bool)
        if lit is not None:
            found[lit.rows] = True
        return found


@pytest.fixture
def mouse():
    made = Mouse()
    yield made
    made.hover.stop()
    made.worker.stop()


def pixel_only(found, number):
    """Some splats of a heap, and none of another."""
    return 0 < found[heap(number)].sum() < heap(number).sum() and not found[~heap(number)].any()


@pytest.mark.parametrize("ortho", [False, True])
def test_of_unknown_things_only_the_splats_in_front_are_lit(mouse, ortho):
    thing = scene()
    camera_at(thing, (1, -2, -12), ortho=ortho)
    for number in range(3):
        assert pixel_only(mouse.rest(thing, CENTERS[number]), number)
    assert not mouse.rest(thing).any(), "beside everything"


def test_a_segment_is_lit_as_a_whole_but_for_hidden_splats(mouse):
    thing = scene()
    for number in (0, 1):
        segments.write(thing, segments.add(thing), heap(number).astype(np.float32), 0.5)
    np.testing.assert_array_equal(mouse.rest(thing, CENTERS[1]), heap(1))
    assert pixel_only(mouse.rest(thing, CENTERS[2]), 2)
    odd = np.arange(180) % 2 == 1
    segments.hide(thing, odd)
    mouse.read(thing)
    np.testing.assert_array_equal(mouse.rest(thing, CENTERS[0]), heap(0) & ~odd)


def test_of_two_segments_the_clearer_one_is_lit(mouse):
    thing = scene()
    segments.write(thing, segments.add(thing), np.full(180, 0.6, np.float32), 0.5)
    segments.write(thing, segments.add(thing), 0.9 * heap(1).astype(np.float32), 0.5)
    np.testing.assert_array_equal(mouse.rest(thing, CENTERS[1]), heap(1))
    assert mouse.rest(thing, CENTERS[0]).all()


def test_nothing_is_lit_while_the_engine_works_or_with_another_tool(mouse, monkeypatch):
    thing = scene()
    assert mouse.rest(thing, CENTERS[0]).any()
    assert mouse.hover.shown("builtin.move") is None
    monkeypatch.setattr(pump, "every", lambda: [object()])
    assert mouse.hover.shown(TOOL) is None
    assert not mouse.rest(thing, CENTERS[1]).any()
    monkeypatch.undo()
    assert mouse.hover.shown(TOOL) is None, "what was lit before is no longer under the mouse"


def test_a_moving_mouse_asks_for_nothing(mouse, monkeypatch):
    thing = scene()
    monkeypatch.setattr(hovers, "REST", 1000.0)
    asked = []
    monkeypatch.setattr(mouse.worker, "submit", lambda *a, **k: asked.append(a))
    depsgraph = bpy.context.evaluated_depsgraph_get()
    lens = picture.camera_lens(bpy.context.scene.camera, bpy.context.scene, depsgraph)
    for x in range(20):
        mouse.hover.move(thing, lens, (200 + x, 200), TOOL)
        assert mouse.hover._rested() > 0
    assert not asked
    before = mouse.hover._aim
    mouse.hover.move(thing, lens, (219, 200), TOOL)
    assert mouse.hover._aim is before, "Blender tells of a resting mouse too"


@pytest.mark.skipif(bpy.app.version < (5, 2), reason="drawing needs Blender 5.2")
def test_what_is_lit_is_seen_and_costs_only_its_own_splats(region, monkeypatch):
    thing = scene()
    plain = region.settled()
    view = region.display._views[1]
    target, (cloud,) = view.target, region.display.intake._clouds.values()
    lit = hovers.Lit(thing.session_uid, cloud.geometry_version, np.flatnonzero(heap(0)))
    monkeypatch.setattr(region.display.hover, "shown", lambda tool: lit)
    shown = region.settled()
    assert np.abs(shown - plain).max() > 0.1
    assert view.target is target and view.light is not None
    light = view.lit
    region.draw()
    assert view.lit is light, "drawn once"
    old = hovers.Lit(thing.session_uid, -1, lit.rows)  # of splats that have changed since
    monkeypatch.setattr(region.display.hover, "shown", lambda tool: old)
    np.testing.assert_allclose(region.settled(), plain, atol=1e-6)
