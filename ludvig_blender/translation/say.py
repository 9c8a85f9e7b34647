"""Texts that the extension puts together itself, in the user's language.

Blender translates what it is given whole: labels, buttons, properties, tooltips, reports. It cannot
know a text with a number or a name in it, so those are templates, which are translated first:

    say("{count:,} of {total:,}", count=3, total=1204)

The same holds for texts that are cut into lines. Call the function for the place where the text is
shown, because users turn each of them on in the preferences. This module does not use bpy; until
`use` is called, all is said in English.
"""

from __future__ import annotations

from collections.abc import Callable

# Where Blender translates a word of ours as something else, it is looked up in this context:
# "Segments" are parts of a scene here, and elsewhere in Blender how many pieces a curve has.
CONTEXT = "LUDVIG"

Find = Callable[[str], str]

_find: dict[str, Find] = {}


def use(**find: Find) -> None:
    """Look texts up with these: `interface`, `tooltips` and `reports`. None at all: English."""
    _find.clear()
    _find.update(find)


def say(text: str, /, **values: object) -> str:
    """A label, a status or the name of a task, with these values in its placeholders."""
    return _filled("interface", text, values)


def say_tip(text: str, /, **values: object) -> str:
    """A tooltip that an operator's `description` returns."""
    return _filled("tooltips", text, values)


def say_report(text: str, /, **values: object) -> str:
    """What has happened: a report, an error, a remedy."""
    return _filled("reports", text, values)


def _filled(where: str, text: str, values: dict[str, object]) -> str:
    found = _find.get(where, str)(text)
    # Without values it may be any text, with braces that are no placeholders.
    return found.format(**values) if values else found
