"""Names of files that somebody else chose: which of them can be written as they are, everywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from .targets import is_device

# What separates folders, drives and streams on Windows ("C:x", "a.json:x"), or is not allowed.
MARKS = set('<>:"/\\|?*')
LENGTH = 255  # bytes in UTF-8, the limit of the usual file systems


def is_safe(name: str) -> bool:
    """Whether `name` is one file in the folder it is written to, and the same on every system."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= LENGTH
        and name.isprintable()
        and not MARKS & set(name)
        # Windows drops spaces and dots at the end.
        and name == name.strip(" ").rstrip(".")
        and not is_device(name)
    )


def clash(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that are one file on Windows or macOS: alike but for case or accents."""
    seen: dict[str, str] = {}
    for name in names:
        key = folded(name)
        if key in seen:
            return seen[key], name
        seen[key] = name
    return None


def folded(path: str) -> str:
    """The same text for paths that some disk takes for one (Unicode's canonical caseless match)."""
    decomposed = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFD", decomposed)
