"""Catalogues are read as the editors of translators write them."""

from __future__ import annotations

import pytest

from extension import blender_module

po = blender_module("ludvig_blender.translation.po")

HEAD = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n"X-Generator: Poedit 3.4\\n"\n\n'


@pytest.mark.parametrize(
    "entry, found",
    [
        ('msgid "Grow"\nmsgstr "Wachsen"\n', {"Grow": "Wachsen"}),
        ('#: a.py\n#. A note\nmsgid "Grow"\nmsgstr "Wachsen"', {"Grow": "Wachsen"}),
        (
            'msgid ""\n"A long "\n"text.\\n"\n"End"\nmsgstr ""\n"Ein langer "\n"Text."\n',
            {"A long text.\nEnd": "Ein langer Text."},
        ),
        ('msgid "Say \\"it\\""\nmsgstr "„Sag es“ \\\\"\n', {'Say "it"': "„Sag es“ \\"}),
        ('msgid "Grow"\nmsgstr ""\n', {}),
        ('#, fuzzy\nmsgid "Grow"\nmsgstr "Gras"\n', {}),
        ('#, fuzzy\n#| msgid "Grass"\nmsgid "Grow"\nmsgstr "Gras"\n', {}),
        ('#, python-brace-format\nmsgid "{a} of"\nmsgstr "{a} von"\n', {"{a} of": "{a} von"}),
        ('#~ msgid "Gone"\n#~ msgstr "Weg"\n', {}),
    ],
)
def test_an_entry(tmp_path, entry, found):
    path = tmp_path / "de.po"
    for text in (HEAD + entry, (HEAD + entry).replace("\n", "\r\n")):
        path.write_bytes(text.encode())
        assert po.read(path) == found
