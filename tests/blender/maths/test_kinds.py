"""The add-on's table of prompt kinds is complete, and a new kind takes no more than a class."""

import ast
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from extension import ROOT, blender_module

kinds = blender_module("ludvig_blender.maths.kinds")
gesture = blender_module("ludvig_blender.operators.gesture")
places = blender_module("ludvig_blender.maths.strokes")
marks = blender_module("ludvig_blender.viewport.marks")
prompts = blender_module("ludvig_blender.data.prompts")
operators = blender_module("ludvig_blender.operators.drawing")
tools = blender_module("ludvig_blender.ui.tools")
wire = blender_module("ludvig_engine.wire.prompt_kinds").KINDS
EngineError = blender_module("ludvig_engine.errors").EngineError

LENS = SimpleNamespace(width=100, height=80)


def test_what_blend_files_hold_stays():
    assert {kind.id: kind.number for kind in kinds.KINDS.values()} == {
        "CLICK": 0, "SCRIBBLE": 1, "BOX": 2, "TEXT": 3,
    }  # fmt: skip


def test_each_kind_of_the_wire_is_in_the_table():
    """Masks are left out, as Blender makes none: painting there is a scribble."""
    assert {kind.wire for kind in kinds.KINDS.values()} == set(wire) - {"mask"}
    for kind in kinds.KINDS.values():
        assert kind.placed != wire[kind.wire].words
        assert kind.label and kind.about
        assert (
            kind.icon in bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        )
        if kind.placed:
            assert "pixels" in wire[kind.wire].given


@pytest.mark.parametrize("kind", kinds.drawn(), ids=lambda kind: kind.id)
def test_each_kind_that_is_drawn_has_an_operator_and_a_tool(kind):
    operator = getattr(bpy.ops.ludvig, kind.wire).get_rna_type()
    assert (operator.name, operator.description) == (kind.action, kind.tip)
    assert operator.properties["radius"].is_hidden != kind.wide
    (tool,) = [tool for tool in tools.TOOLS if tool.bl_idname == f"ludvig.{kind.wire}_tool"]
    # Besides drawing, all tools have the keys that choose a reading.
    chosen = {"ludvig.larger", "ludvig.smaller"}
    assert {key[0] for key in tool.bl_keymap} == {f"ludvig.{kind.wire}", *chosen}
    assert kind.needed


def test_nothing_outside_the_table_asks_for_a_kind():
    """Nothing is compared with "BOX" and the like: the classes hold what differs between kinds."""
    for path in sorted((ROOT / "ludvig_blender").rglob("*.py")):
        if path.name == "kinds.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare):
                for value in ast.walk(node):
                    assert not (
                        isinstance(value, ast.Constant) and value.value in tuple(kinds.KINDS)
                    ), f"{path.name}:{node.lineno}"


def test_a_box_follows_the_mouse_with_its_second_corner():
    drawn = []
    for place in ((5, 5), (20, 9), (6, 5)):
        kinds.KINDS["BOX"].extend(drawn, place)
    assert drawn == [(5, 5), (6, 5)]
    with pytest.raises(EngineError, match="less than 4 pixels"):
        places.inside("BOX", np.array(drawn, float), LENS)


def test_a_line_gets_a_point_where_the_mouse_has_moved():
    drawn = []
    for place in ((5, 5), (6, 5), (7, 5), (7, 9)):
        kinds.KINDS["SCRIBBLE"].extend(drawn, place)
    assert drawn == [(5, 5), (7, 5), (7, 9)]
    assert kinds.KINDS["SCRIBBLE"].stroke(drawn, 8) == (drawn, 0.5, 16)


class Cross(kinds.Drawn):
    """A kind that a test makes up: two strokes over a place."""

    id = "CROSS"
    number = 9
    label = "Cross"
    about = "A cross on the object"
    icon = "X"
    needed = "its middle"
    action = "Cross out Object"
    tip = "Cross it out"
    tool = "Find by Cross"
    tool_tip = "Cross it out"
    tool_icon = "ops.generic.select"

    def outline(self, pixels):
        return pixels[0] + np.array([(-5, -5), (5, 5), (0, 0), (-5, 5), (5, -5)])

    def stroke(self, drawn, radius):
        return drawn[:1], 1.0, 3.0


def test_a_class_is_all_that_a_new_kind_takes(monkeypatch):
    monkeypatch.setitem(kinds.KINDS, Cross.id, Cross())
    assert kinds.drawn()[-1].id == "CROSS"
    operator, tool = operators.drawing(Cross()), tools.drawing(Cross())
    bpy.utils.register_class(operator)
    assert bpy.ops.ludvig.cross.get_rna_type().name == "Cross out Object"
    bpy.utils.unregister_class(operator)
    assert tool.bl_idname == "ludvig.cross_tool" and tool.bl_label == "Find by Cross"
    with pytest.raises(EngineError, match="needs its middle"):
        places.inside("CROSS", np.empty((0, 2)), LENS)
    inside = places.inside("CROSS", np.array([[9.0, 9.0], [500.0, 9.0]]), LENS)
    np.testing.assert_array_equal(inside, [[9, 9]])
    made = SimpleNamespace(
        kind="CROSS", positive=False, through=False, radius=0.0, pixels="9 9",
        viewmat=np.eye(4).ravel(), K=np.eye(3).ravel(), size=(100, 80), reading=0,
    )  # fmt: skip
    monkeypatch.setitem(wire, "cross", type(wire["click"])("cross", ("pixels",)))
    assert prompts.title(made) == "Cross" and prompts.request(made).kind == "cross"
    shown = []
    monkeypatch.setattr(gesture, "_operator", SimpleNamespace(kind="CROSS", mode="SET", radius=0.0))
    monkeypatch.setattr(gesture, "_drawn", [(9, 9)])
    monkeypatch.setattr(gesture, "line", lambda *stroke: shown.append(stroke))
    region = SimpleNamespace(as_pointer=lambda: 7, height=80)
    context = SimpleNamespace(region=region)
    monkeypatch.setattr(gesture, "bpy", SimpleNamespace(context=context))
    gesture._draw(7)
    assert [stroke[0] for stroke in shown] == [[(9, 70)]] and shown[0][2] == 3.0

    def touched(texels, shown, viewmat, K, pixels):
        return np.ones((len(pixels), 3)), np.zeros(len(pixels), int)

    monkeypatch.setattr(marks, "touched", touched)
    mark = marks.Mark("CROSS", tuple(made.viewmat), tuple(made.K), "9 9", "")
    snapshot = SimpleNamespace(means=np.zeros((4, 3)))
    cloud = SimpleNamespace(texels=np.zeros(4), snapshot=snapshot)
    assert len(marks.locate(mark, cloud, None).points) == 5
