"""The `ludvig` command: a file per verb, thin around the library.

Exit code 2 and one sentence for anything the user can mend; `--json` prints one object for machines and nothing else
on stdout.
"""

from __future__ import annotations

import sys

import typer

from ..errors import EngineError
from . import bench, demo, eval, info, models, render, segment, serve, uplift
from .common import console, fail

app = typer.Typer(
    name="ludvig",
    help="Select objects in 3D Gaussian Splatting scenes, by clicks, scribbles, masks or words.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, info, segment, render, uplift, serve, eval, bench):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
app.add_typer(models.app, name="models")


def main() -> None:
    """Run the command line; errors meant for people become one line and exit code 2."""
    try:
        app()
    except EngineError as error:
        fail(error)
    except KeyboardInterrupt:
        console.print("Stopped. What was finished is kept; run the same command again to go on.")
        sys.exit(130)
