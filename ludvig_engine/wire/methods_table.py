"""The requests and answers of the wire as the Markdown tables of ARCHITECTURE.md.

`python -m ludvig_engine.wire.methods_table` prints them.
"""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from . import methods
from .codec import array_type, hints
from .prompt_kinds import KINDS


def table() -> str:
    """The methods, the objects in them and the kinds of prompts, as Markdown tables."""
    rows = ["| method | asked with | answered with | what it does |", "|---|---|---|---|"]
    # Other modules may have added methods of their own.
    own = {
        name: kind
        for name, kind in methods.METHODS.items()
        if kind.__module__.startswith(__package__)
    }
    for name, kind in own.items():
        summary = (kind.__doc__ or "").splitlines()[0]
        rows.append(f"| `{name}` | {_fields(kind)} | {_fields(kind.answer)} | {summary} |")
    rows += ["", "| object | fields |", "|---|---|"]
    rows += [
        f"| `{kind.__name__}` | {_fields(kind)} |"
        for kind in (methods.Cloud, methods.Viewport, methods.Prompt, methods.ExtractorInfo)
    ]
    rows += ["", "| kind of prompt | exactly one of |", "|---|---|"]
    rows += [
        f"| `{kind.name}` | {', '.join(f'`{name}`' for name in kind.given)} |"
        for kind in KINDS.values()
    ]
    return "\n".join(rows)


def _fields(kind: type) -> str:
    return ", ".join(f"`{name}` {_type(hint)}" for name, hint in hints(kind).items()) or "nothing"


def _type(hint: Any) -> str:
    if found := array_type(hint):
        return f"{found[0]} ({', '.join(found[1].split())})"
    first, *others = get_args(hint) or (None,)
    if get_origin(hint) is Literal:
        return " ".join([first, *others])
    if get_origin(hint) is tuple:
        return f"{_type(first)}..."
    if get_origin(hint) is dict:
        return f"{_type(others[0])} by name"
    return _type(first) if first else hint.__name__


if __name__ == "__main__":
    print(table())
