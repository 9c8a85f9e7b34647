"""The `ludvig` command: a thin layer around the library, with one file per verb.

Reports go to stdout; notes, progress and errors go to stderr. Whatever the user can fix ends with
one sentence and exit code 2. With `--json`, stdout holds one object for programs and nothing else,
whatever happens.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import EngineError
from ..outside.programs import NOT_HERE
from .arguments import checked
from .ending import REFUSED, STOPPED, Stopped, Usage, fail, misused, unforeseen
from .quiet import quieten

VERBS = ("demo", "info", "segment", "render", "uplift", "serve", "eval", "bench", "models")
PACKAGE = Path(__file__).parents[1]
# Each of these needs the package of the same name, which the extension's zip leaves out.
SOURCE_ONLY = ("eval", "bench")


class Verbs(TyperGroup):
    """Imports a verb's file only when the verb is used.

    So `ludvig serve` starts in a third of a second, although other verbs import much more.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Only the names are read, for help and suggestions.
        self.commands = dict.fromkeys(VERBS)  # type: ignore[assignment]

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
    for one in verbs.registered_commands:
        if one.callback:
            # A verb with commands of its own may have been here before.
            one.callback = checked(inspect.unwrap(one.callback))
    return verbs


def _absent(name: str) -> typer.Typer:
    """A stand-in for a verb of SOURCE_ONLY, so that the help and the error say where to find it."""
    verbs = typer.Typer(add_completion=False)
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}

    @verbs.command(help="This command comes only with the source code.", context_settings=anything)
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
    """Run the command line and exit: 0, 2 for what the user can fix, 1 for a bug, 130 for Ctrl-C.

    An error becomes one line on stderr, and with `--json` an object on stdout too.
    """
    os.environ.update(NOT_HERE)  # for compilers and other programs that libraries start
    quieten()
    try:
        # typer turns Ctrl-C into an exit code, unless a verb has done better.
        code = app(standalone_mode=False)
        if code == STOPPED:
            raise Stopped()
    except EngineError as error:
        ended = error
    except KeyboardInterrupt:
        ended = Stopped()
    except Usage as error:
        ended = misused(error)
        if not ended.message:  # typer has shown the help instead
            sys.exit(REFUSED)
    except Exception as error:  # noqa: BLE001 - it is printed, whatever it is
        ended = unforeseen(error)
        if ended.kind == "internal":
            traceback.print_exc()
    else:
        sys.exit(code)
    sys.exit(fail(ended, as_json="--json" in sys.argv))
