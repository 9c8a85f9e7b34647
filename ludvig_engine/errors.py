"""The one exception that is meant for people, `EngineError`: what happened, then what to do.

Sentences are only for people to read. What a program may act on stands beside them as a value: the
`kind` of an error and the `action` of a fix.
"""

from __future__ import annotations

import copyreg
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Each action that a front end can carry out for its user, with the types of its arguments.
ACTIONS: Mapping[str, Mapping[str, type]] = {
    "install_engine": {},
    "restart_engine": {},
    # Let the user choose the Python that runs the engine.
    "choose_python": {},
    "allow_network": {},
    "show_log": {},
    "report": {},  # to the developers
    "import_cameras": {},
    # Let the user choose the folder of the photos.
    "choose_photos": {},
    "import_splats": {},
    "fetch_model": {"model": str, "size": int, "licence": str},  # size in bytes
}


@dataclass(frozen=True)
class Fix:
    """A remedy: a short imperative sentence, and the same as data, for a button in a panel.

    `action` is a key of `ACTIONS`, or "" if only the user can do it. Raises ValueError if there is
    no such action, or if `arguments` do not have the names and types that the action takes.
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
    """A failure that its user can understand and fix.

    `kind` is a stable word for programs ("bad_file", "bad_input", "not_found", "no_space",
    "cancelled", ...). `fixes` are remedies, to be drawn as buttons or lines; a plain string among
    them is advice without an action.
    """

    fixes: tuple[Fix, ...]

    def __init__(self, kind: str, message: str, fixes: Iterable[Fix | str] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.fixes = tuple(fix if isinstance(fix, Fix) else Fix(fix) for fix in fixes)

    def __str__(self) -> str:
        return " ".join([self.message, *(fix.text for fix in self.fixes)])

    def __reduce__(self) -> tuple[object, ...]:
        # For errors that come from another process: by itself, Python would call the class with the
        # message alone.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class Cancelled(EngineError):
    """The user stopped the job. The parts that were already finished stay in the cache."""

    def __init__(self) -> None:
        super().__init__("cancelled", "Cancelled.")


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 photo", "2,000 photos"; `many` defaults to `one` and an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def part(count: int, total: int, one: str) -> str:
    """Some of all with a verb: "1 of 8 photos is", "3 of 8 photos are"."""
    return f"{count:,} of {plural(total, one)} {'is' if count == 1 else 'are'}"


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
