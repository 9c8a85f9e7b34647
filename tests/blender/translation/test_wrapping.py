"""Lines are no wider than asked, also where words have no spaces between them."""

from __future__ import annotations

import textwrap

import pytest

from extension import blender_module

wrapping = blender_module("ludvig_blender.translation.wrapping")

CHINESE = "没有选中泼溅：请用 LUDVIG 工具点击对象，或在编辑模式中选择。"
JAPANESE = "スプラットがありません。LUDVIG ツールで対象をクリックするか、選択してください。"


@pytest.mark.parametrize("width", [16, 23, 40, 200])
@pytest.mark.parametrize("text", [CHINESE, JAPANESE, CHINESE + "/a/very/long/path" * 9])
def test_no_line_is_too_wide_and_nothing_is_lost(text, width):
    lines = wrapping.wrapped(text, width)
    # A closing mark stays with its letter, even if the line is full.
    assert max(map(wrapping.columns, lines)) <= width + 2
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not [line for line in lines if line[0] in "、。，："]


@pytest.mark.parametrize("width", [16, 40, 80])
def test_other_languages_break_at_spaces(width):
    for text in ("No splat is selected: click on an object. " * 3, "Größe\nund   Fläche " * 4, ""):
        assert list(wrapping.wrapped(text, width)) == textwrap.wrap(text, width)


def test_wide_letters_count_twice():
    assert wrapping.columns("ab") == 2 and wrapping.columns("泼溅") == 4
    assert wrapping.wrapped("泼溅泼溅", 4) == ("泼溅", "泼溅")
