"""Lines of a text, also of languages that are written without spaces."""

from __future__ import annotations

import re
import textwrap
from functools import cache

# Letters as wide as two others: CJK, kana, and the punctuation that goes with them.
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60"
_CLOSING = "、。，．：；！？）」』】…ー"  # no line begins with these
# A line may end after any of these.
_PIECE = re.compile(rf"(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*\s*")


@cache  # panels ask at every redraw, of a few texts
def wrapped(text: str, width: int) -> tuple[str, ...]:
    """The lines of a text, at most `width` narrow letters long; longer words are cut."""
    if not re.search(f"[{_WIDE}]", text):
        return tuple(textwrap.wrap(text, width))
    lines = [""]
    for piece in _PIECE.findall(" ".join(text.split())):
        for part in (piece[at : at + width] for at in range(0, len(piece), width)):
            if lines[-1] and columns(lines[-1] + part.rstrip()) > width:
                lines.append("")
            lines[-1] += part
    return tuple(line.rstrip() for line in lines)


def columns(text: str) -> int:
    """The width of a text in narrow letters."""
    return len(text) + len(re.findall(f"[{_WIDE}]", text))
