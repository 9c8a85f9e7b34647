"""`ludvig models`: list the learned models, fetch one, or print where it is.

Only `fetch` downloads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from .. import weights
from ..features.auto import best
from .arguments import Folder
from .common import AsJson, bars, note, print_json, report

app = typer.Typer(
    help="List the weights of learned models, fetch them, or print where they are.",
    no_args_is_help=True,
    add_completion=False,
)

Name = Annotated[
    str,
    typer.Argument(help="A name from `ludvig models list`, or the hub repository it comes from"),
]
_HELP = "The models folder; default: LUDVIG_MODELS or the folder of this user"
Place = Annotated[Path | None, typer.Option(help=_HELP)]
Target = Annotated[Path | None, typer.Option(help=_HELP), Folder()]


@app.command("list")
def list_(folder: Place = None, json: AsJson = False) -> None:
    """List all models: purpose, size, license, what machine they need, whether they are here."""
    here = weights.status(folder)
    place = folder or weights.default_folder()
    if json:
        rows = [
            {
                "id": model.id,
                "role": model.role,
                "source": model.source,
                "bytes": model.size,
                "licence": model.licence,
                "needs": model.needs,
                "gated": model.gated,
                "notice": model.notice,
                "place": here[model.id],
            }
            for model in weights.MODELS.values()
        ]
        print_json({"folder": place, "models": rows, "auto": best("auto")})
        return
    size = Column("MB", justify="right")
    table = Table(Column("model", no_wrap=True), "for", size, "license", "needs", "here")
    for id, model in weights.MODELS.items():
        terms = f"{model.licence}, gated" if model.gated else model.licence
        ready = Text("yes", style="green") if here[id] else "no"
        table.add_row(id, model.role, f"{model.size / 1e6:,.0f}", terms, model.needs, ready)
    report(table)
    report(f'With these, "--extractor auto" runs {best("auto")}.')
    report(f"Models folder: {place}")


@app.command()
def fetch(model: Name, folder: Target = None, json: AsJson = False) -> None:
    """Download a model and verify it, unless it is here; continue an interrupted download."""
    known = weights.model_called(model)
    if not json and not weights.status(folder)[known.id]:
        note(f"{known.source}: {known.size / 1e6:,.0f} MB, license {known.licence}.")
    with bars(json, lambda: "What has arrived is kept; run it again to continue.") as job:
        place = weights.fetch(known, folder=folder, job=job)
    if json:
        print_json(
            {"id": known.id, "place": place, "licence": known.licence, "notice": known.notice}
        )
        return
    report(f"{known.id} is in {place}.")
    if known.notice:
        report(known.notice)


@app.command()
def path(model: Name, folder: Place = None, json: AsJson = False) -> None:
    """Print where a model is; if it is not here, say how to get it and exit with code 2."""
    place = weights.path(model, folder=folder)
    if json:
        print_json({"id": weights.model_called(model).id, "place": place})
        return
    report(str(place))
