"""The `ludvig` command: a file per verb, thin around the library.

Exit code 2 and one sentence for anything the user can mend; `--json` prints one object for machines and nothing else
on stdout.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import EngineError

VERBS = ("demo", "info", "segment", "render", "uplift", "serve", "eval", "bench", "models")


class Verbs(TyperGroup):
    """Imports the file of a verb when it is asked for: `ludvig serve` takes a third of a second, others need more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = dict.fromkeys(VERBS)  # type: ignore[assignment]  # the names are for help and suggestions

    def get_command(self, ctx: Any, name: str) -> Any:
        if name not in VERBS:
            return None
        verb = importlib.import_module(f".{name}", __name__)
        verbs = getattr(verb, "app", None)
        if verbs is None:
            verbs = typer.Typer(add_completion=False)
            verbs.command()(verb.command)
        found = typer.main.get_command(verbs)
        found.name = name
        return found


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
