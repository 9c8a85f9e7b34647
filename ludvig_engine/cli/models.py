"""`ludvig models`: which learned models there are, which are here, and how to get one. Only `fetch` downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from .. import weights
from ..features.auto import best
from .common import AsJson, bars, console, print_json

app = typer.Typer(
    help="The weights of learned models: list them, fetch them, say where they are.",
    no_args_is_help=True,
    add_completion=False,
)

Name = Annotated[
    str, typer.Argument(help="As `ludvig models list` calls it, or a hub repository of that table")
]
Folder = Annotated[
    Path | None, typer.Option(help="The models folder; default: LUDVIG_MODELS or this user's")
]


@app.command("list")
def list_(folder: Folder = None, json: AsJson = False) -> None:
    """Every model this engine knows: what for, how large, under which licence, on what machine, and whether here."""
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
    table = Table(
        Column("model", no_wrap=True),
        "for",
        Column("MB", justify="right"),
        "licence",
        "needs",
        "here",
    )
    for id, model in weights.MODELS.items():
        licence = f"{model.licence}, gated" if model.gated else model.licence
        table.add_row(
            id,
            model.role,
            f"{model.size / 1e6:,.0f}",
            licence,
            model.needs,
            "[green]yes[/]" if here[id] else "no",
        )
    console.print(table)
    console.print(f'With these, "--extractor auto" runs {best("auto")}.', soft_wrap=True)
    console.print(f"Models folder: {place}", soft_wrap=True)


@app.command()
def fetch(model: Name, folder: Folder = None, json: AsJson = False) -> None:
    """Download a model, verified; what broke off is continued. Already here: nothing happens."""
    known = weights.find(model)
    if not json and not weights.status(folder)[known.id]:
        console.print(
            f"{known.source}: {known.size / 1e6:,.0f} MB, licence {known.licence}.", soft_wrap=True
        )
    with bars(json) as job:
        place = weights.fetch(known, folder=folder, job=job)
    if json:
        print_json(
            {"id": known.id, "place": place, "licence": known.licence, "notice": known.notice}
        )
        return
    console.print(f"{known.id} is in {place}.", soft_wrap=True)
    if known.notice:
        console.print(known.notice, soft_wrap=True)


@app.command()
def path(model: Name, folder: Folder = None) -> None:
    """Print where a model is; exit code 2 and how to get it if it is not here."""
    print(weights.path(model, folder=folder))
