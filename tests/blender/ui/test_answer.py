"""What the panel and the status bar show of an answer: part or whole, and a doubtful guess."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from extension import blender_module
from looks import heap, scene
from ludvig_engine.wire.methods import Segment

answer = blender_module("ludvig_blender.ui.answer")
pie = blender_module("ludvig_blender.ui.pie")
lines = blender_module("ludvig_blender.operators.lines")
segments = blender_module("ludvig_blender.data.segments")
solve = blender_module("ludvig_blender.engine.solve")


class Layout:
    """Notes what is drawn: buttons by their operator, the rest by its text."""

    def __init__(self):
        self.drawn, self.alignment = [], ""

    def row(self, **_):
        return self

    def label(self, *, text, **_):
        self.drawn.append(text)

    def operator(self, name, **_):
        getattr(bpy.ops.ludvig, name.partition(".")[2]).get_rna_type()  # it exists
        self.drawn.append(name)

    def prop(self, _owner, name, **_):
        self.drawn.append(name)


@pytest.fixture(autouse=True)
def plain_lines(monkeypatch):
    monkeypatch.setattr(
        lines, "draw", lambda layout, text, _icon, _context: layout.label(text=text)
    )


def shown(**more):
    """What is drawn of an answer that selects a heap with a score of 0.9."""
    thing = scene()
    segment = segments.add(thing)
    scores = np.where(heap(0), 0.9, 0.1).astype(np.float32)
    threshold = more.pop("threshold", 0.5)
    found = Segment(scores, scores > threshold, threshold, "colour", {}, {}, ("As told.",), **more)
    solve._write(thing, segment, found)
    layout = Layout()
    answer.draw(layout, thing, segment, bpy.context)
    return layout.drawn


def test_an_answer_without_choice_has_the_certainty():
    assert shown() == ["threshold", "As told."]


@pytest.mark.parametrize("taken, place", [(-1, "1 of 3"), (0, "2 of 3"), (2, "3 of 3")])
def test_part_and_whole(taken, place):
    levels = np.where(heap(0), 0, 2).astype(np.uint8)
    drawn = shown(readings=(-1, 0, 2), reading=taken, levels=levels)
    assert drawn == ["ludvig.smaller", place, "ludvig.larger", "As told."]


def test_the_line_is_there_before_the_first_answer():
    thing = scene()
    for segment in (None, segments.add(thing)):
        layout = Layout()
        answer.draw(layout, thing, segment, bpy.context)
        assert layout.drawn == ["ludvig.smaller", "", "ludvig.larger"]


def test_a_doubtful_guess():
    drawn = shown(threshold=1.0, found=False, guess=0.5)
    assert drawn == ["Not sure: As told.", "ludvig.guess"]


def test_the_status_bar_tells_of_keys_only_with_a_tool_and_splats():
    tool = type("Tool", (), {"idname": "ludvig.click_tool"})
    tools = type("Tools", (), {"from_space_view3d_mode": staticmethod(lambda *_, **__: tool)})
    context = type("Context", (), {"workspace": type("Workspace", (), {"tools": tools})})
    for name in ("mode", "view_layer", "selected_objects"):
        setattr(context, name, getattr(bpy.context, name))
    assert answer.hints(context) == []
    thing = scene()
    context.view_layer, context.selected_objects = bpy.context.view_layer, []
    keys = [icon for _, icon in answer.hints(context)]
    assert keys == ["MOUSE_LMB", "EVENT_SHIFT", "EVENT_CTRL", f"EVENT_{pie.KEY}"]
    icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    assert set(keys) <= set(icons.keys())
    bpy.data.objects.remove(thing)
    shown(readings=(0, 1), reading=1, levels=heap(0).astype(np.uint8))
    context.view_layer = bpy.context.view_layer
    told = answer.hints(context)[-1][0]
    assert "2 of 2" in told and "Alt Wheel" in told
    tool.idname = "builtin.select_box"
    assert answer.hints(context) == []
