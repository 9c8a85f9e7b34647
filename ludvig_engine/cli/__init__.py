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
from typer.core import TyperCommand, TyperGroup

from ..errors import EngineError
from ..outside.programs import NOT_HERE
from .arguments import checked
from .ending import REFUSED, STOPPED, Stopped, Usage, fail, misused, unforeseen
from .quiet import quieten

# The verbs, and the first sentence of each verb's own help, so that the list of verbs imports none.
VERBS = {
    "demo": "Select a thing by one click, compare with its masks in the other photos, draw every "
    "step.",
    "info": "Print count, bounds, SH degree and cameras, and compare rendered views with the "
    "photos.",
    "segment": "Select the object that clicks, scribbles, masks, boxes or words in the photos "
    "point to.",
    "remove": "Remove an object, and continue the surfaces behind it.",
    "segments": "Divide the whole scene into segments, without prompts.",
    "floaters": "Find splats that float in the air and belong to no surface, and write the others.",
    "render": "Write one PNG per view, of the size of its photo.",
    "uplift": "Lift the features of the photos to the splats: `features` (N, D), float32.",
    "merge": "Merge the shards of an uplift into the file that one `ludvig uplift` writes.",
    "serve": "Serve one client at a time until stdin ends.",
    "eval": "Score every scene of a dataset and print a table, or JSON.",
    "bench": "Print seconds, rates and ratios.",
    "models": "List the weights of learned models, fetch them, or print where they are.",
}
PACKAGE = Path(__file__).parents[1]
# Each of these needs the package of the same name, which the extension's zip leaves out.
SOURCE_ONLY = ("eval", "bench")
_ABSENT = "This command comes only with the source code."


class Verbs(TyperGroup):
    """Imports a verb's file only when the verb is used, because some import much.

    So `ludvig --help` and `ludvig serve` start in a third of a second.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Names and help texts, for lists and suggestions.
        self.commands = {
            name: TyperCommand(name, help=_ABSENT if _is_absent(name) else about)
            for name, about in VERBS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        _, _, rest = super().resolve_command(ctx, args)  # refuses names of no verb
        name = args[0]
        found = typer.main.get_command(_absent(name) if _is_absent(name) else _verbs(name))
        found.name = name
        return name, found, rest


def _is_absent(name: str) -> bool:
    return name in SOURCE_ONLY and not (PACKAGE / name).is_dir()


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

    @verbs.command(help=_ABSENT, context_settings=anything)
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
    # Read when NumPy and SciPy are loaded. With more threads, sums of BLAS are rounded in one way
    # while our own threads work beside it (machine/blas.py) and in another while they don't, so
    # that the same click may have another answer. It takes no more time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
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
