"""Every action that an error can name has a button that works, and keeps its arguments."""

from __future__ import annotations

import bpy
import pytest

from extension import blender_module

errors = blender_module("ludvig_engine.errors")
remedies = blender_module("ludvig_blender.ui.remedies")
messages = blender_module("ludvig_blender.data.messages")

ARGUMENTS = {
    "fetch_model": {"model": "siglip2", "size": 4_500_000_000, "licence": "Apache-2.0"},
}


def fixes():
    return [errors.Fix(f"{a}.", a, ARGUMENTS.get(a, {})) for a in errors.ACTIONS]


class Layout:
    """Notes the buttons, with the properties of real operators only."""

    def __init__(self):
        self.texts = []

    def operator(self, name, *, text, icon):
        self.texts.append(text)
        known = getattr(bpy.ops.ludvig, name.partition(".")[2]).get_rna_type()
        return Properties(known.properties)


class Properties:
    def __init__(self, known):
        self.__dict__["known"] = known

    def __setattr__(self, name, value):
        assert name in self.known, name
        kinds = {"BOOLEAN": bool, "STRING": str, "FLOAT": int}  # bytes do not fit an INT
        assert type(value) is kinds[self.known[name].type], (name, value)


def test_every_action_has_a_button():
    assert set(remedies.BUTTONS) == set(errors.ACTIONS)
    icons = bpy.types.UILayout.bl_rna.functions["operator"].parameters["icon"].enum_items
    for button in remedies.BUTTONS.values():
        assert button.icon in icons


@pytest.mark.parametrize("fix", fixes(), ids=lambda fix: fix.action)
def test_every_button_does_something_that_exists(fix):
    layout = Layout()
    assert remedies.draw(layout, fix)
    (text,) = layout.texts
    assert text and "{" not in text


def test_an_advice_for_people_has_no_button():
    layout = Layout()
    assert not remedies.draw(layout, errors.Fix("Choose another folder."))
    assert not layout.texts


def test_the_panel_keeps_what_remedies_take():
    given = [*fixes(), errors.Fix("Choose\nanother folder.")]
    messages.show(errors.EngineError("bad_file", "No.", given))
    assert messages.fixes() == given
    messages.show(errors.EngineError("bad_file", "No.", ["Wait."]))
    assert messages.fixes() == [errors.Fix("Wait.")]
    messages.clear()
    assert not messages.fixes() and not bpy.context.window_manager.ludvig.text
