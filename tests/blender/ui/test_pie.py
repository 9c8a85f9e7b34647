"""The pie menu: its operators exist, and its key is free where it is used."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from clouds import splat_object
from extension import blender_module

pie = blender_module("ludvig_blender.ui.pie")
# What Blender asks when a key is pressed in the 3D viewport in Object Mode.
ASKED = (
    *("Window", "Screen", "Screen Editing", "Frames", "3D View Generic", "3D View"),
    *("Object Mode", "Object Non-modal"),
)


class Layout:
    """Notes the operators and texts of the places of a pie."""

    def __init__(self):
        self.places = []

    def menu_pie(self):
        return self

    def operator(self, name, text="", **_):
        kind = getattr(bpy.ops.ludvig, name.partition(".")[2]).get_rna_type()
        self.places.append((name, text or kind.name))
        return SimpleNamespace()


def test_it_has_eight_places():
    layout = Layout()
    pie.Pie.draw(SimpleNamespace(layout=layout), bpy.context)
    names = [text for _, text in layout.places]
    assert names == [
        *("Part", "Whole", "Delete", "Separate"),
        *("Hide", "Isolate", "Clean Removal...", "Recolor..."),
    ]


def test_it_is_there_only_with_splats():
    assert not pie.Pie.poll(bpy.context)
    splat_object()
    assert pie.Pie.poll(bpy.context)


@pytest.mark.parametrize("keymap", ["blender_default", "industry_compatible_data"])
def test_its_key_is_free_in_object_mode(keymap):
    folder = Path(bpy.utils.system_resource("SCRIPTS"), "presets/keyconfig/keymap_data")
    made = runpy.run_path(str(folder / f"{keymap}.py"))
    taken = [
        (name, entry[0])
        for name, _, content in made["generate_keymaps"](made["Params"]())
        if name in ASKED
        for entry in content["items"]
        if isinstance(entry[1], dict)
        and entry[1]["type"] == pie.KEY
        and not any(entry[1].get(held) for held in ("shift", "ctrl", "alt", "oskey"))
    ]
    assert taken == []
