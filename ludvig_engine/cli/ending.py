"""How a command ends: its exit code, and what it says when it could not do its work.

The sentence goes to stderr. With `--json`, an object goes to stdout as well, with the same as data:
{"error": {"kind": ..., "message": ..., "fixes": [{"text", "action", "arguments"}, ...]}}.
"""

from __future__ import annotations

import traceback

import typer

from ..errors import EngineError, Fix

# Exit codes. Python's own for an uncaught exception, click's for wrong usage, the shell's for
# SIGINT.
BUG, REFUSED, STOPPED = 1, 2, 130
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
    if isinstance(error, MemoryError):
        return EngineError(
            "no_memory",
            "The computer has too little free memory for this.",
            ["Close other programs, use fewer or smaller photos, or a smaller scene."],
        )
    what = traceback.format_exception_only(error)[-1].strip()
    return EngineError(
        "internal",
        f"LUDVIG has a bug: {what}",
        [Fix("Please report it, with the lines above and the command.", "report")],
    )


def fail(error: EngineError, *, as_json: bool) -> int:
    """Print an error; return the exit code."""
    # Imported here, because `ludvig serve` should not wait for what it imports.
    from .common import console, print_json, printable

    stopped = isinstance(error, Stopped)
    if as_json:
        print_json({"error": as_data(error)})
    if not stopped:
        console.print("Error:", style="bold red", end=" ")
    console.print(printable(str(error)), soft_wrap=True)
    if stopped:
        return STOPPED
    return BUG if error.kind == "internal" else REFUSED


def as_data(error: EngineError) -> dict[str, object]:
    """An error as data for programs."""
    fixes = [{"text": f.text, "action": f.action, "arguments": f.arguments} for f in error.fixes]
    return {"kind": error.kind, "message": error.message, "fixes": fixes}
