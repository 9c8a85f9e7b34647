"""The `ludvig` command: a file per verb, thin around the library.

Exit code 2 and one sentence for anything the user can mend; `--json` prints one object for machines and nothing else
on stdout.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import EngineError

VERBS = ("demo", "info", "segment", "render", "uplift", "serve", "eval", "bench", "models")
PACKAGE = Path(__file__).parents[1]
# Each has a package of its name, which the extension's zip leaves out.
SOURCE_ONLY = ("eval", "bench")


class Verbs(TyperGroup):
    """Imports the file of a verb when it is asked for: `ludvig serve` takes a third of a second, others need more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = dict.fromkeys(VERBS)  # type: ignore[assignment]  # the names are for help and suggestions

    def get_command(self, ctx: Any, name: str) -> Any:
        if name not in VERBS:
            return None
        absent = name in SOURCE_ONLY and not (PACKAGE / name).is_dir()
        verbs = _absent(name) if absent else _verbs(name)
        found = typer.main.get_command(verbs)
        found.name = name
        return found


def _verbs(name: str) -> typer.Typer:
    verb = importlib.import_module(f".{name}", __name__)
    verbs: typer.Typer | None = getattr(verb, "app", None)
    if verbs is None:
        verbs = typer.Typer(add_completion=False)
        verbs.command()(verb.command)
    return verbs


def _absent(name: str) -> typer.Typer:
    """Stands for a verb of SOURCE_ONLY, so that the help and the error say where it is."""
    verbs = typer.Typer(add_completion=False)
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}

    @verbs.command(help="Comes with the source code only.", context_settings=anything)
    def refuse() -> None:
        raise EngineError(
            "not_found",
            f"`ludvig {name}` comes with the source code and is not part of the extension.",
            ["Run it in a clone of the repository."],
        )

    return verbs


app = typer.Typer(
    name="ludvig",
    help="Select objects in 3D Gaussian Splatting scenes, by clicks, scribbles, masks or words.",
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _ludvig() -> None:
    pass


def main() -> None:
    """Run the command line; errors meant for people become one line and exit code 2."""
    try:
        app()
    except EngineError as error:
        from .common import fail

        fail(error)
    except KeyboardInterrupt:
        from .common import console

        console.print("Stopped. What was finished is kept; run the same command again to go on.")
        sys.exit(130)
