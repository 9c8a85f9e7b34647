"""All commands of `ludvig`, with arguments that each takes: a new verb is found by itself.

And what a command does, without the seconds that a process of its own imports for.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import wraps
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
import typer

from ludvig_engine import cli
from ludvig_engine.cli.arguments import File

Function = Callable[..., None]


def functions() -> dict[str, Function]:
    """The function of each command, by its words: "segment", "models fetch"."""
    found = {}
    for verb in cli.VERBS:
        verbs = cli._verbs(verb)
        for one in verbs.registered_commands:
            assert one.callback
            only = len(verbs.registered_commands) == 1
            name = one.name or one.callback.__name__.rstrip("_")
            found[verb if only else f"{verb} {name}"] = inspect.unwrap(one.callback)
    return found


def parameters(function: Function) -> Iterator[tuple[str, type, tuple[Any, ...]]]:
    """The name of each parameter, its type without None, and what it is annotated with."""
    for name, hint in get_type_hints(function, include_extras=True).items():
        marks: tuple[Any, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            marks = tuple(more)
        if get_origin(hint) in (Union, UnionType):
            hint = next(one for one in get_args(hint) if one is not type(None))
        if name != "return":
            yield name, hint, marks


def option(function: Function, name: str) -> str:
    """How the option of a parameter is written; "" for an argument, which has no name."""
    (info,) = [
        mark
        for one, _, marks in parameters(function)
        if one == name
        for mark in marks
        if isinstance(mark, typer.models.ParameterInfo)
    ]
    if isinstance(info, typer.models.ArgumentInfo):
        return ""
    given = [text for text in (info.default, *(info.param_decls or ())) if isinstance(text, str)]
    return given[0] if given else f"--{name.replace('_', '-')}"


def line(command: str, function: Function, given: Mapping[str, object]) -> list[str]:
    """A command line with all that the command requires, and with the parameters `given`."""
    arguments, options = [], []
    defaults = inspect.signature(function).parameters
    for name, kind, marks in parameters(function):
        if name not in given and defaults[name].default is not inspect.Parameter.empty:
            continue
        splats = any(isinstance(mark, File) and mark.splats for mark in marks)
        value = given.get(name, _example(name, kind) + (".ply" if splats else ""))
        written = option(function, name)
        if written:
            options.append(f"{written}={value}")
        else:
            arguments.append(str(value))
    return [*command.split(), *arguments, *options]


def recorded(calls: list[dict[str, Any]]) -> Callable[[Function], Function]:
    """Puts in place of each command one that only notes what it is called with."""

    def replace(function: Function) -> Function:
        @wraps(function)
        def note(**values: Any) -> None:
            calls.append(values)

        return note

    return replace


def _example(name: str, kind: type) -> object:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    return "1" if kind in (int, float) else name if kind is Path else "example"


def ended(
    arguments: Sequence[object], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """The exit code of a command that runs in this process, what it reports, and what it notes."""
    monkeypatch.setattr(sys, "argv", ["ludvig", *map(str, arguments)])
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)  # the command takes its place
    try:
        with pytest.raises(SystemExit) as left:
            cli.main()
    finally:
        logging.captureWarnings(False)
    code = left.value.code or 0
    assert isinstance(code, int)
    return (code, *capfd.readouterr())
