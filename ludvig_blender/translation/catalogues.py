"""The catalogues beside this file, as Blender takes them.

They are named after Blender's locales, as far as the name tells them apart: "de" serves de_DE, but
zh_HANS and zh_HANT are written differently.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from . import po
from .say import CONTEXT, use

NAME = __package__.rsplit(".", 2)[0]  # the extension's
FILES = tuple(sorted(Path(__file__).parent.glob("*.po")))

Key = tuple[str, str]  # the context, and the text in English


def tables() -> dict[str, dict[Key, str]]:
    """The translations by language and key.

    Blender looks up the labels of operators, and of the buttons that call them, in another context
    than everything else. A text means the same in all contexts. Where Blender has a translation of
    its own, that one is shown.
    """
    contexts = bpy.app.translations.contexts
    return {
        path.stem: {
            (context, said): translated
            for said, translated in po.read(path).items()
            for context in (contexts.default, contexts.operator_default, CONTEXT)
        }
        for path in FILES
    }


def register() -> None:
    texts = bpy.app.translations
    texts.register(NAME, tables())
    use(interface=texts.pgettext_iface, tooltips=texts.pgettext_tip, reports=texts.pgettext_rpt)


def unregister() -> None:
    use()
    bpy.app.translations.unregister(NAME)
