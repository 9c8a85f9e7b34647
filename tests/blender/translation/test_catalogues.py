"""Blender is given what it looks up: whatever it knows of our classes has a translation.

Its wheels are built without translations, and cannot be set to another language: but for one, which
only a whole Blender runs, the tests look at what is registered, and at what a lookup like Blender's
makes of it.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from extension import NAME, blender_module

catalogues = blender_module("ludvig_blender.translation.catalogues")
say = blender_module("ludvig_blender.translation.say")
lines = blender_module("ludvig_blender.operators.lines")
answer = blender_module("ludvig_blender.ui.answer")
errors = blender_module("ludvig_engine.errors")
messages = blender_module("ludvig_blender.data.messages")

TABLES = catalogues.tables()
# What each language calls three things: a panel, an operator, a part of a sentence.
KNOWN = {
    "de": ("Segmente", "Größer", "3 von 1,204"),
    "fr": ("Segments", "Étendre", "3 sur 1,204"),
    "ja": ("セグメント", "拡大", "3 / 1,204"),
    "zh_HANS": ("分割部分", "扩展", "3 / 1,204"),
}


@pytest.fixture(params=sorted(KNOWN))
def language(request):
    """The user interface speaks this language, as far as it speaks through `say`."""
    table = TABLES[request.param]

    def find(text):
        return table.get(("*", text), text)

    say.use(interface=find, tooltips=find, reports=find)
    yield request.param
    catalogues.unregister()
    catalogues.register()


def ours(cls):
    return cls.__module__.startswith(NAME)


def shown():
    """The texts that Blender has of our classes, by the class and what they are."""
    classes = [
        cls
        for name in ("Operator", "Panel", "Menu", "PropertyGroup", "AddonPreferences")
        for cls in getattr(bpy.types, name).__subclasses__()
        if ours(cls) and cls.is_registered  # not what another test has made for itself
    ]
    assert len(classes) > 60
    for cls in classes:
        rna = rna_of(cls)
        if issubclass(cls, bpy.types.Operator):
            yield cls, "label", rna.name
            yield cls, "description", rna.description
        elif issubclass(cls, bpy.types.Panel | bpy.types.Menu):
            yield cls, "label", cls.bl_label
        for name in own_properties(cls):
            prop = rna.properties[name]
            # Without a name of its own, it is shown nowhere.
            if prop.name and prop.name != name:
                yield cls, name, prop.name
                yield cls, name, prop.description
                for item in getattr(prop, "enum_items", ()):
                    yield cls, name, item.name
                    yield cls, name, item.description


def rna_of(cls):
    if not issubclass(cls, bpy.types.Operator):
        return cls.bl_rna
    room, name = cls.bl_idname.split(".")
    return getattr(getattr(bpy.ops, room), name).get_rna_type()


def own_properties(cls):
    """The names of the properties that the class and our bases of it declare."""
    owners = [owner for owner in cls.__mro__ if ours(owner)]
    names = {name for owner in owners for name in owner.__annotations__}
    # Those of the axes are Blender's own, and so are their translations.
    names -= {"axis_forward", "axis_up"}
    if issubclass(cls, bpy.types.PropertyGroup):
        names.discard("name")  # of which Blender tells what it knows of all groups' names
    return sorted(names & set(rna_of(cls).properties.keys()))


SAME = {"NVIDIA GPU"}  # in every language


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_all_that_blender_shows_of_our_classes_is_translated(name):
    known = {text for _, text in TABLES[name]} | SAME | {""}
    missing = [(cls.__name__, what, text) for cls, what, text in shown() if text not in known]
    assert not missing


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_text_is_found_in_the_contexts_that_blender_looks_in(name):
    panel, operator, _ = KNOWN[name]
    contexts = bpy.app.translations.contexts
    assert {contexts.default, contexts.operator_default} == {"*", "Operator"}
    assert TABLES[name]["*", "Segments"] == TABLES[name]["LUDVIG", "Segments"] == panel
    assert TABLES[name]["Operator", "Grow"] == operator


def test_the_names_of_the_languages_are_of_blender():
    scripts = Path(bpy.utils.system_resource("SCRIPTS"))
    (settings,) = scripts.rglob("*bl_i18n_utils/settings.py")
    text = settings.read_text("utf-8")
    for name in KNOWN:
        # "de" is found for "de_DE", and for "de" if Blender should call it so.
        assert f'"{name}"' in text or f'"{name}_' in text, name


@pytest.mark.skipif(not bpy.app.translations.locales, reason="this Blender has no languages")
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_blender_shows_them_in_its_language(name):
    view, texts = bpy.context.preferences.view, bpy.app.translations
    before = view.language
    try:
        view.language = next(locale for locale in texts.locales if locale.startswith(name))
        view.use_translate_interface = view.use_translate_tooltips = True
        panel, operator, part = KNOWN[name]
        assert texts.pgettext_iface("Segments", say.CONTEXT) == panel
        assert texts.pgettext_iface("Grow", say.CONTEXT) == operator
        assert say.say("{count:,} of {total:,}", count=3, total=1204) == part
        tip = "Delete the selected splats"
        assert texts.pgettext_tip(tip) == TABLES[name]["*", tip] != tip
    finally:
        view.language = before


def test_templates_are_filled_in_the_language(language):
    assert say.say("{count:,} of {total:,}", count=3, total=1204) == KNOWN[language][2]
    # Texts that no catalogue has, such as the engine's, stay as they are, braces and all.
    assert say.say("Unknown {brace") == "Unknown {brace"


def test_errors_are_shown_in_the_language(language):
    error = errors.EngineError("bad_input", "There are no words.", ["Try again."])
    assert messages.line(error) == " ".join(
        TABLES[language]["*", text] for text in ("There are no words.", "Try again.")
    )


def test_long_texts_are_translated_before_they_are_wrapped(language):
    told = lines.rendered(0, 1_000_000)
    assert "64" in told and "No photos" not in told


def test_a_disabled_extension_says_everything_in_english(language):
    say.use()
    assert say.say("Grow") == "Grow"
