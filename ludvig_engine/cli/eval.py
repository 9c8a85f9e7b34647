"""`ludvig eval`: score the paper's benchmarks beside published numbers, or your own captures."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .. import __version__
from ..errors import EngineError
from ..io.atomic import atomic_write
from ..io.plain_json import to_json
from .arguments import File, Folder
from .common import AsJson, MaxSize, NoCache, bars, cache, cached, print_json, report
from .eval_own import OWN, Asked


class Benchmark(StrEnum):
    """The benchmarks that the command knows."""

    nvos = "nvos"
    spin = "spin"
    lerf = "lerf"
    scannet = "scannet"
    captures = "captures"
    ablation = "ablation"
    clicks = "clicks"
    auto = "auto"
    removal = "removal"
    boundary = "boundary"
    floaters = "floaters"


# Those that take several folders.
SEVERAL = (
    Benchmark.clicks,
    Benchmark.auto,
    Benchmark.removal,
    Benchmark.boundary,
    Benchmark.floaters,
)


class Selection(StrEnum):
    """How the thing that is removed is selected."""

    truth = "truth"
    mask = "mask"
    click = "click"


def command(
    benchmark: Annotated[
        Benchmark, typer.Argument(help="The documentation describes its protocol and layout")
    ],
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="The dataset's folder; some benchmarks take several", metavar="FOLDER..."
        ),
    ],
    scene: Annotated[
        list[str] | None, typer.Option(help="Evaluate only this task; default: all")
    ] = None,
    scenes: Annotated[
        Path | None, typer.Option(help="The folder of trained scenes, if they are not in DATA")
    ] = None,
    experiment: Annotated[
        str, typer.Option("--config", help="The experiment; default: the benchmark's own")
    ] = "",
    extractor: Annotated[
        list[str] | None,
        typer.Option(
            help="Use these features instead of the experiment's; captures compare several"
        ),
    ] = None,
    text_model: Annotated[
        str, typer.Option(help="Use this model for words instead of the experiment's")
    ] = "",
    control: Annotated[
        bool,
        typer.Option(
            "--control",
            help="Captures and clicks: also run the last features with shuffled weights, as a "
            "chance level",
        ),
    ] = False,
    beside: Annotated[
        bool,
        typer.Option("--beside", help="Clicks: also other ways from prompts to a selection"),
    ] = False,
    selection: Annotated[
        Selection,
        typer.Option(help="Removal: select by all exact masks, by one of them, or by one click"),
    ] = Selection.truth,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Clicks: write pictures of the ten worst things to this folder; removal: of each"
        ),
        Folder(),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the JSON to this file"), File((".json",))
    ] = None,
    max_size: MaxSize = 1600,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Score every scene of a dataset and print a table, or JSON."""
    # This import is local because evaluation imports much that other commands do not need.
    from ..eval import report as scores
    from . import eval_paper

    for folder in folders:
        if not folder.is_dir():
            raise EngineError("not_found", f"There is no folder {folder}.", ["Check the path."])
    data = folders[0]
    if len(folders) > 1 and benchmark not in SEVERAL:
        raise EngineError(
            "bad_input",
            f"There are {len(folders)} folders, but only {', '.join(SEVERAL)} take several.",
            ["Give one folder."],
        )
    only, extractors = scene or [], extractor or []
    with bars(json, cached(no_cache)) as job:
        options = {"max_size": max_size, "cache": cache(no_cache), "job": job}
        if benchmark in OWN and not (benchmark is Benchmark.captures and experiment):
            asked = Asked(
                *(folders, only, extractors, text_model, control, beside, selection, pictures),
                options,
            )
            values, tables = OWN[benchmark](asked)
            named = [str(folder) for folder in folders] if benchmark in SEVERAL else str(data)
            about = {"ludvig": __version__, "benchmark": str(benchmark), "data": named}
            _report({**about, **values}, tables, out, json)
            return
        if len(extractors) > 1:
            raise EngineError(
                "bad_input",
                f"There are {len(extractors)} extractors, but only captures compare several.",
                ["Give one --extractor."],
            )
        rows, published, settings = eval_paper.run(
            *(str(benchmark), data, scenes, only, experiment, "".join(extractors), text_model),
            options,
        )
    if not rows:
        raise EngineError(
            "not_found",
            f"{data} holds no task of the benchmark {benchmark}.",
            ["Compare the folder with the layout of the dataset in the documentation."],
        )
    rows = scores.with_mean(rows)
    found = {
        "ludvig": __version__,
        "benchmark": str(benchmark),
        "data": str(data),
        **settings,
        "results": rows,
    }
    title = f"{benchmark}, {settings['extractor']}"
    _report({**found, "published": published}, [scores.table(title, rows, published)], out, json)


def _report(found: dict[str, Any], tables: Sequence[Table], out: Path | None, json: bool) -> None:
    if out:
        with atomic_write(out) as temporary:
            temporary.write_text(to_json(found, indent=2), "utf-8")
    if json:
        print_json(found)
    else:
        for table in tables:
            report(table)
