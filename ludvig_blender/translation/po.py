"""Catalogues in gettext's format .po, which translators have editors for.

Blender wants a dictionary, so nothing is compiled. The standard library reads compiled catalogues
only.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRINGS = rf"((?:{_STRING}\n?)+)"
# A text that is marked as fuzzy is a guess of the translator's editor.
_FUZZY = r"(#,.*fuzzy.*\n(?:#.*\n)*)?"
_ENTRY = re.compile(rf"^{_FUZZY}msgid {_STRINGS}^msgstr {_STRINGS}", re.MULTILINE)


def read(path: Path) -> dict[str, str]:
    """The translations of a catalogue by their English texts. Those that are missing are not in."""
    entries = _ENTRY.findall(path.read_text("utf-8"))
    found = {_text(said): _text(translated) for fuzzy, said, translated in entries if not fuzzy}
    # The entry of the empty text is the catalogue's head.
    return {said: translated for said, translated in found.items() if said and translated}


def _text(strings: str) -> str:
    # A long text is several strings, a line each. Their escapes are JSON's.
    return json.loads(strings.strip().replace('"\n"', ""))
