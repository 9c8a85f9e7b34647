"""The one exception meant for people: what happened, with numbers, then what to do.

Sentences are for people alone. What a program may act on is a value beside them: the `kind` of an error, the `action`
of a fix.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# What a front end can do for its user, and the arguments that it takes to do it.
ACTIONS: Mapping[str, Mapping[str, type]] = {
    "install_engine": {},
    "restart_engine": {},
    "choose_python": {},  # that runs the engine
    "allow_network": {},
    "show_log": {},
    "report": {},  # to the developers
    "import_cameras": {},
    "choose_photos": {},  # their folder
    "import_splats": {},
    "fetch_model": {"model": str, "size": int, "licence": str},  # size in bytes
}


@dataclass(frozen=True)
class Fix:
    """A remedy: a short imperative sentence, and what it says as data, for a panel that draws it as a button.

    `action` is one of `ACTIONS`, or "" if only the user can do it. Raises ValueError if there is no such action or
    if `arguments` are not those it takes.
    """

    text: str
    action: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.action and self.action not in ACTIONS:
            raise ValueError(f'there is no action "{self.action}"')
        wanted = ACTIONS.get(self.action, {})
        given = {name: type(value) for name, value in self.arguments.items()}
        if given != wanted:
            raise ValueError(f'"{self.action}" takes {dict(wanted)}, not {given}')

    def __str__(self) -> str:
        return self.text


class EngineError(Exception):
    """A failure its user can understand and mend.

    `kind` is a stable word for programs ("bad_file", "bad_input", "not_found", "no_space", "cancelled", ...);
    `fixes` are remedies, to be drawn as buttons or lines. A string among them is an advice without an action.
    """

    fixes: tuple[Fix, ...]

    def __init__(self, kind: str, message: str, fixes: Iterable[Fix | str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.fixes = tuple(fix if isinstance(fix, Fix) else Fix(fix) for fix in fixes)

    def __str__(self) -> str:
        return " ".join([self.message, *(fix.text for fix in self.fixes)])


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
