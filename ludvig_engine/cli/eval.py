"""`ludvig eval`: score the paper's benchmarks beside published numbers, or your own captures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from .. import __version__
from ..errors import EngineError
from ..io.atomic import atomic_write
from ..io.plain_json import to_json
from ..paper.configs import Masks, Words, config
from ..progress import Job
from ..sam import load_segmenter
from .arguments import File, Folder
from .common import AsJson, MaxSize, NoCache, bars, cache, cached, print_json, report


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


SEVERAL = (Benchmark.clicks, Benchmark.auto, Benchmark.removal)


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
        if benchmark is Benchmark.captures and not experiment:
            _compare(data, only, extractors, text_model, control, out, json, options)
            return
        if benchmark is Benchmark.clicks:
            asked = {"beside": beside, "control": control, "pictures": pictures}
            _click(folders, only, "".join(extractors) or "auto", asked, out, json, options)
            return
        if benchmark is Benchmark.auto:
            _divide(folders, only, "".join(extractors) or "auto", out, json, options)
            return
        if benchmark is Benchmark.removal:
            _remove(
                folders,
                only,
                "".join(extractors) or "colour",
                selection,
                pictures,
                out,
                json,
                options,
            )
            return
        if benchmark is Benchmark.ablation:
            _ablate(data, only, "".join(extractors) or "auto", out, json, options)
            return
        if len(extractors) > 1:
            raise EngineError(
                "bad_input",
                f"There are {len(extractors)} extractors, but only captures compare several.",
                ["Give one --extractor."],
            )
        rows, published, settings = _run(
            benchmark, data, scenes, only, experiment, "".join(extractors), text_model, options
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
    _report(
        {**found, "published": published},
        scores.table(f"{benchmark}, {settings['extractor']}", rows, published),
        out,
        json,
    )


def _compare(
    data: Path,
    only: list[str],
    extractors: list[str],
    text_model: str,
    control: bool,
    out: Path | None,
    json: bool,
    options: dict[str, Any],
) -> None:
    from .eval_captures import compare, means, table

    results = compare(
        data, only, extractors, text_model=text_model, control=control, options=options
    )
    found = {
        "ludvig": __version__,
        "benchmark": "captures",
        "data": str(data),
        "means": means(results),
    }
    _report(
        {**found, "results": results}, table("IoU in the other photos, percent", results), out, json
    )


def _ablate(
    data: Path,
    only: list[str],
    extractor: str,
    out: Path | None,
    json: bool,
    options: dict[str, Any],
) -> None:
    from .eval_ablation import ablate, table

    rows = ablate(data, only, extractor, options=options)
    found = {"ludvig": __version__, "benchmark": "ablation", "data": str(data)}
    _report({**found, "results": [asdict(row) for row in rows]}, table(rows), out, json)


def _click(
    folders: list[Path],
    only: list[str],
    extractor: str,
    asked: dict[str, Any],
    out: Path | None,
    json: bool,
    options: dict[str, Any],
) -> None:
    from .eval_clicks import run, tables

    tried, found = run(folders, only, extractor, **asked, options=options)
    about = {"ludvig": __version__, "benchmark": "clicks", "data": [str(one) for one in folders]}
    _report({**about, **found}, tables(tried, found), out, json)


def _divide(
    folders: list[Path],
    only: list[str],
    extractor: str,
    out: Path | None,
    json: bool,
    options: dict[str, Any],
) -> None:
    from .eval_auto import run, tables

    found = run(folders, only, extractor, options)
    about = {"ludvig": __version__, "benchmark": "auto", "data": [str(one) for one in folders]}
    _report({**about, **found}, tables(found), out, json)


def _remove(
    folders: list[Path],
    only: list[str],
    extractor: str,
    selection: Selection,
    pictures: Path | None,
    out: Path | None,
    json: bool,
    options: dict[str, Any],
) -> None:
    from .eval_removal import as_json, run, tables

    rows = run(folders, only, extractor, selection=selection, pictures=pictures, options=options)
    about = {"ludvig": __version__, "benchmark": "removal", "data": [str(one) for one in folders]}
    _report({**about, "selection": selection, **as_json(rows)}, tables(rows), out, json)


def _report(
    found: dict[str, Any], tables: Table | Sequence[Table], out: Path | None, json: bool
) -> None:
    if out:
        with atomic_write(out) as temporary:
            temporary.write_text(to_json(found, indent=2), "utf-8")
    if json:
        print_json(found)
    else:
        for table in [tables] if isinstance(tables, Table) else tables:
            report(table)


def _run(
    benchmark: Benchmark,
    data: Path,
    scenes: Path | None,
    only: list[str],
    experiment: str,
    extractor: str,
    text_model: str,
    options: dict[str, Any],
) -> tuple[dict[str, dict[str, float]], Mapping[str, Mapping[str, float]], dict[str, Any]]:
    """Results by scene, the published numbers, and the settings."""
    from ..eval import captures, lerf, nvos, scannet, single_view, spin

    job: Job = options["job"]
    if benchmark is Benchmark.scannet:
        scans = _only(scannet.tasks(data, scenes), only)
        texts = scannet.read_texts(data / "text_features.json")
        answer = scannet.predictor(texts, max_size=options["max_size"], job=job)
        rows = scannet.score(scans, answer, job=job)
        return rows, scannet.PUBLISHED, {"extractor": "the dataset's own segments"}
    module: Any = {"nvos": nvos, "spin": spin, "lerf": lerf, "captures": captures}[benchmark]
    settings = config(experiment or module.CONFIG)
    tasks = _only(module.tasks(data, scenes), only)
    about = {"config": experiment or module.CONFIG, "settings": asdict(settings)}
    if isinstance(settings, Words) != (benchmark is Benchmark.lerf):
        raise EngineError(
            "bad_input",
            f"The experiment {experiment} does not belong to the benchmark {benchmark}.",
            [f"Use --config {module.CONFIG}."],
        )
    about["extractor"] = (
        settings.segmenter if isinstance(settings, Masks) else extractor or settings.extractor
    )
    if isinstance(settings, Words):
        about["text_model"] = text_model or settings.text
        rows = _score_lerf(tasks, settings, extractor, text_model, options)
    else:
        predict = single_view.predictor(settings, extractor=extractor, **options)
        rows = single_view.score(tasks, predict, job=job)
    return rows, module.PUBLISHED, about


def _score_lerf(
    tasks: list[Any], settings: Words, extractor: str, text_model: str, options: dict[str, Any]
) -> dict[str, dict[str, float]]:
    from ..eval import lerf

    look = lerf.predictor(settings, extractor=extractor, text_model=text_model, **options)
    segmenter = load_segmenter(settings.segmenter, device="auto") if settings.segmenter else None
    redraw = lerf.redrawn(segmenter, max_size=options["max_size"]) if segmenter else None
    cuts: dict[str, Any] = {"cutoff": settings.cutoff, "smooth": settings.smooth}
    return lerf.score(tasks, look, **cuts, redraw=redraw, job=options["job"])


def _only(tasks: list[Any], names: list[str]) -> list[Any]:
    unknown = set(names) - {task.name for task in tasks}
    if unknown:
        here = ", ".join(task.name for task in tasks)
        raise EngineError(
            "bad_input", f'There is no task "{min(unknown)}".', [f"The tasks are: {here}."]
        )
    return [task for task in tasks if not names or task.name in names]
