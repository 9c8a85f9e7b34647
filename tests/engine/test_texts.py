"""Every text of Blender's user interface has a translation in every catalogue, and no other."""

from __future__ import annotations

import ast
import re
import string

import pytest

from ludvig_blender.translation import po
from tools import catalogues, texts

CATALOGUES = sorted(catalogues.FOLDER.glob("*.po"))
# What German, French, Japanese or Chinese is written with, and English is not.
OWN_LETTERS = {"de": "[äöüÄÖÜß]", "fr": "[éèàêçœ’]", "ja": "[ぁ-ヿ]", "zh_HANS": "[一-鿿]"}
REMEDY = "Run `python tasks.py texts`, and fill in the empty entries."


@pytest.fixture(scope="module")
def wanted():
    return texts.texts()


def of(source):
    return [(one.text, one.composed) for one in texts.strings_of(ast.parse(source), "x.py")]


def test_the_languages():
    assert [path.stem for path in CATALOGUES] == sorted(OWN_LETTERS)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_nothing_is_missing_and_nothing_is_left_over(path, wanted):
    problems = catalogues.problems(path, wanted)
    assert not problems, "\n".join((*problems, REMEDY))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_placeholders_are_those_of_the_text(path):
    for said, translated in po.read(path).items():
        assert placeholders(said) == placeholders(translated), said
        assert said.endswith("...") == translated.endswith("..."), said


def placeholders(text):
    """Names and formats, in the order of the names: translations have their own order."""
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_it_is_that_language(path):
    translated = po.read(path).values()
    own = sum(bool(re.search(OWN_LETTERS[path.stem], text)) for text in translated)
    assert own > 0.3 * len(translated)


def test_no_text_is_put_together_where_it_cannot_be_translated():
    found = [f"{one.place}:{one.line}: {one.text!r}" for one in texts.composed()]
    assert not found, "use `say`, `say_tip` or `say_report`:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "source, found",
    [
        ('layout.label(text="Grow")', ["Grow"]),
        ('STATES = {"a b": ("Starts when it is needed", "PAUSE")}', ["Starts when it is needed"]),
        ('items = (("SET", "Set", "Only these"),)', ["Set", "Only these"]),
        ('tool = "An NVIDIA GPU"', ["An NVIDIA GPU"]),
        ('row.label(text="Start" if x else "Stop")', ["Start", "Stop"]),
        ('how = say("cached")', ["cached"]),
        ('say("one" if x else "many", count=2)', ["one", "many"]),
        ('class A(bpy.types.Operator):\n    """Do it now"""', ["Do it now"]),
        (
            'class A(bpy.types.Operator):\n    """Do it now"""\n    bl_description = "Do it"',
            ["Do it"],
        ),
        ('class A(Group):\n    """Not shown"""', []),
        ('class A(Group):\n    a: IntProperty(name="Steps", default=1)', ["Steps"]),
        ('class A(Group):\n    a: IntProperty(description="Not shown")', []),
        ('def f(x: "A long type") -> "Other":\n    """Not shown."""', []),
        ('cast("Some Type | None", x)', []),
        ('raise ValueError("wrong number of bytes")', []),
        ('x["Geometry"] == "Some words"', []),
        ('bpy.ops.x(icon="RENDER_STILL", kind="a kind")', []),
        ('name = "GeometryNodeTree"', []),
    ],
)
def test_what_is_a_text(source, found):
    assert of(source) == [(text, False) for text in found]


@pytest.mark.parametrize(
    "source, found",
    [
        ('label(text=f"{count:,} hidden")', ["{} hidden"]),
        ('report({"INFO"}, f"Deleted {count} splats")', ["Deleted {} splats"]),
        ('text += f"; {free} are free"', ["; {} are free"]),
        ('name = f"ludvig.{kind}_tool"', []),
        ('label(text=f"{a}, {b}")', []),
        ('ask(replaces=f"resize {number}")', []),
        ('raise ValueError(f"{name} has no {what}")', []),
    ],
)
def test_what_is_composed(source, found):
    assert of(source) == [(text, True) for text in found]


def test_what_is_missing_is_told_and_gets_an_entry(tmp_path):
    path = tmp_path / "de.po"
    path.write_text('msgid "Grow"\nmsgstr "Wachsen"\n\nmsgid "Old"\nmsgstr "Alt"\n', "utf-8")
    wanted = {"Grow": "ui/a.py", 'Say "it"\nnow': "ui/b.py"}
    assert catalogues.problems(path, wanted) == [
        "de lacks 'Say \"it\"\\nnow', of ui/b.py",
        "de has 'Old', which the extension no longer says",
    ]
    path.write_text(catalogues.written(path, wanted), "utf-8")
    assert 'msgid "Say \\"it\\"\\nnow"\nmsgstr ""\n' in path.read_text("utf-8")
    assert po.read(path) == {"Grow": "Wachsen"}
