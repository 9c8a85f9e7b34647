"""The catalogues beside this file, as Blender takes them.

They are named after Blender's locales, as far as the name tells them apart: "de" serves de_DE, but
zh_HANS and zh_HANT are written differently.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import bpy

from . import po
from .say import CONTEXT, use

NAME = __package__.rsplit(".", 2)[0]  # the extension's
FILES = tuple(sorted(Path(__file__).parent.glob("*.po")))

# `default` and `operator_default` of `bpy.app.translations.contexts`, and our own.
CONTEXTS = ("*", "Operator", CONTEXT)

Key = tuple[str, str]  # the context, and the text in English


def tables() -> dict[str, dict[Key, str]]:
    """The translations by language and key.

    Blender looks up the labels of operators, and of the buttons that call them, in another context
    than everything else. A text means the same in all contexts. Where Blender has a translation of
    its own, that one is shown.
    """
    return {
        path.stem: {
            (context, said): translated
            for said, translated in po.read(path).items()
            for context in CONTEXTS
        }
        for path in FILES
    }


def register() -> None:
    texts = bpy.app.translations
    texts.register(NAME, tables())
    use(
        interface=partial(texts.pgettext_iface, msgctxt=CONTEXT),
        tooltips=partial(texts.pgettext_tip, msgctxt=CONTEXT),
        reports=partial(texts.pgettext_rpt, msgctxt=CONTEXT),
    )


def unregister() -> None:
    use()
    bpy.app.translations.unregister(NAME)
