"""How a command ends: its exit code, and what it says when it could not do its work.

The sentence goes to stderr. With `--json`, an object goes to stdout as well, with the same as data:
{"error": {"kind": ..., "message": ..., "fixes": [{"text", "action", "arguments"}, ...]}}.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from unicodedata import category

import typer

from ..errors import EngineError, Fix

BUG = 1  # as Python ends after an uncaught exception
REFUSED = 2  # as click ends after wrong usage
STOPPED = 130  # as the shell says that SIGINT ended a process
# What typer raises for arguments that it does not understand. Older ones have it from click.
Usage: type[Exception] = typer.BadParameter.__bases__[0]


class Stopped(EngineError):
    """The user pressed Ctrl-C; the message says what is kept of the work."""

    def __init__(self, kept: str = "No file is half written.") -> None:
        super().__init__("cancelled", f"Stopped. {kept}")


def misused(error: Exception) -> EngineError:
    """The error of typer for wrong arguments as one of ours."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "ludvig"
    said = " ".join(error.format_message().split())  # type: ignore[attr-defined]
    stop = "" if not said or said.endswith((".", "?", ")")) else "."
    return EngineError("bad_input", said + stop, [f"See `{command} --help`."])


def unforeseen(error: Exception) -> EngineError:
    """An exception that nobody has thought of, as an error for people."""
    # Ctrl-C in the middle of an import comes back as an error of that import.
    if any(isinstance(cause, KeyboardInterrupt) for cause in _causes(error)):
        return Stopped()
    if isinstance(error, MemoryError):
        return EngineError(
            "no_memory",
            "The computer has too little free memory for this.",
            ["Close other programs, use fewer or smaller photos, or a smaller scene."],
        )
    what = " ".join("".join(traceback.format_exception_only(error)).split())
    return EngineError(
        "internal",
        f"LUDVIG has a bug: {what}",
        [Fix("Please report it, with the lines above and the command.", "report")],
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that it came from."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause and id(cause) not in seen:  # an error that is raised again may close a circle
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def fail(error: EngineError, *, as_json: bool) -> int:
    """Print an error; return the exit code.

    Imports nothing, because Ctrl-C may have left any module half imported.
    """
    stopped = isinstance(error, Stopped)
    if as_json:
        print(json.dumps({"error": as_data(error)}))
    if not stopped:
        typer.secho("Error: ", fg="red", bold=True, err=True, nl=False)
    typer.echo(printable(str(error)), err=True)
    if stopped:
        return STOPPED
    return BUG if error.kind == "internal" else REFUSED


def printable(text: str) -> str:
    """The text without characters that would steer the terminal; names of files may hold some."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if category(c) == "Cc" and c not in "\n\t" else c for c in text
    )


def as_data(error: EngineError) -> dict[str, object]:
    """An error as data for programs."""
    fixes = [{"text": f.text, "action": f.action, "arguments": f.arguments} for f in error.fixes]
    return {"kind": error.kind, "message": error.message, "fixes": fixes}
