"""The one exception meant for people: what happened, with numbers, then what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EngineError(Exception):
    """A failure its user can understand and mend.

    `kind` is a stable word for programs ("bad_file", "bad_input", "not_found", "no_space", "cancelled", ...);
    `fixes` are remedies, each a short imperative sentence that a panel can draw as a button or a line.
    """

    def __init__(self, kind: str, message: str, fixes: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.fixes = tuple(fixes)

    def __str__(self) -> str:
        return " ".join([self.message, *self.fixes])


class Cancelled(EngineError):
    """The user stopped the job; finished parts stay cached."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Cancelled.")


def nearest_name(name: str, names: Iterable[str]) -> str:
    """A sentence that suggests the closest of `names`, or lists a few of them."""
    names = sorted(names)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f'Did you mean "{close[0]}"?'
    shown = ", ".join(names[:5])
    return (
        f"There are {len(names)}: {shown}{', ...' if len(names) > 5 else ''}."
        if names
        else "There are none."
    )
