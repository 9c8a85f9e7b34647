"""The tools' icons: they are what tools/icons.py draws, and Blender finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from extension import blender_module
from tools import icons

tools = blender_module("ludvig_blender.ui.tools")


@pytest.mark.parametrize("name", icons.ICONS)
def test_each_tool_has_an_icon_of_its_own(name):
    (icon,) = [one.bl_icon for one in tools.TOOLS if Path(one.bl_icon).name == name]
    path = Path(icon + ".dat")  # Blender adds the ending
    assert path.read_bytes() == icons.packed(icons.ICONS[name]())


def test_an_icon_is_triangles_within_its_square():
    found = icons.packed([(((0, 0), (255, 0), (128, 255)), (icons.WHITE,) * 3)])
    assert found == b"VCO\0\xff\xff\0\0" + bytes([0, 0, 255, 0, 128, 255]) + bytes(icons.WHITE) * 3
    with pytest.raises(ValueError, match=r"beyond 0\.\.255"):
        icons.packed([(((0, 0), (256, 0), (0, 9)), (icons.WHITE,) * 3)])
