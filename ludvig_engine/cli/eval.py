"""`ludvig eval`: the paper's benchmarks on datasets in their published layouts, beside the published numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import __version__
from ..configs import Masks, Words, config
from ..errors import EngineError
from ..progress import Job
from ..sam import load_segmenter
from .common import AsJson, MaxSize, NoCache, bars, cache, console, print_json


class Benchmark(StrEnum):
    """What can be evaluated."""

    nvos = "nvos"
    spin = "spin"
    lerf = "lerf"
    scannet = "scannet"


def command(
    benchmark: Annotated[Benchmark, typer.Argument(help="Its protocol and layout: see the documentation")],
    data: Annotated[Path, typer.Argument(help="The dataset's folder", exists=True, file_okay=False)],
    scene: Annotated[list[str] | None, typer.Option(help="Only this task; default: all")] = None,
    scenes: Annotated[Path | None, typer.Option(help="The trained scenes, if they are not in DATA")] = None,
    experiment: Annotated[str, typer.Option("--config", help="The experiment; default: the benchmark's own")] = "",
    extractor: Annotated[str, typer.Option(help="Other features than the experiment's")] = "",
    text_model: Annotated[str, typer.Option(help="Who understands words, instead of the experiment's")] = "",
    out: Annotated[Path | None, typer.Option(help="Also write the JSON here")] = None,
    max_size: MaxSize = 1600,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Score every scene of a dataset and print a table, or JSON."""
    from ..eval import report  # imported here: evaluation must not slow the other commands down
    from ..io.atomic import atomic_write

    with bars(json) as job:
        options = {"max_size": max_size, "cache": cache(no_cache), "job": job}
        rows, published, settings = _run(
            benchmark, data, scenes, scene or [], experiment, extractor, text_model, options
        )
    if not rows:
        raise EngineError("not_found", f"{data} holds no task of {benchmark}.", ["Check the layout of the dataset."])
    rows = report.with_mean(rows)
    found = {"ludvig": __version__, "benchmark": str(benchmark), "data": str(data), **settings, "results": rows}
    if out:
        import json as json_

        with atomic_write(out) as temporary:
            temporary.write_text(json_.dumps({**found, "published": published}, indent=2, default=str), "utf-8")
    if json:
        print_json({**found, "published": published})
    else:
        console.print(report.table(f"{benchmark}, {settings['extractor']}", rows, published))


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
    """Results by scene, what is published, and the settings."""
    from ..eval import foreground, lerf, nvos, scannet, spin

    job: Job = options["job"]
    if benchmark is Benchmark.scannet:
        scans = _only(scannet.tasks(data, scenes), only)
        texts = scannet.read_texts(data / "text_features.json")
        answer = scannet.predictor(texts, max_size=options["max_size"], job=job)
        return scannet.score(scans, answer, job=job), scannet.PUBLISHED, {"extractor": "the dataset's own segments"}
    module: Any = {"nvos": nvos, "spin": spin, "lerf": lerf}[benchmark]
    settings = config(experiment or module.CONFIG)
    tasks = _only(module.tasks(data, scenes), only)
    about = {"config": experiment or module.CONFIG, "settings": asdict(settings)}
    if isinstance(settings, Words) != (benchmark is Benchmark.lerf):
        raise EngineError("bad_input", f"{experiment} is no experiment for {benchmark}.", [f"Use {module.CONFIG}."])
    about["extractor"] = settings.segmenter if isinstance(settings, Masks) else extractor or settings.extractor
    if isinstance(settings, Words):
        about["text_model"] = text_model or settings.text
        look = lerf.predictor(settings, extractor=extractor, text_model=text_model, **options)
        segmenter = load_segmenter(settings.segmenter, device="auto") if settings.segmenter else None
        redraw = lerf.redrawn(segmenter, max_size=options["max_size"]) if segmenter else None
        rows = lerf.score(tasks, look, cutoff=settings.cutoff, smooth=settings.smooth, redraw=redraw, job=job)
    else:
        rows = foreground.score(tasks, foreground.predictor(settings, extractor=extractor, **options), job=job)
    return rows, module.PUBLISHED, about


def _only(tasks: list[Any], names: list[str]) -> list[Any]:
    unknown = set(names) - {task.name for task in tasks}
    if unknown:
        here = ", ".join(task.name for task in tasks)
        raise EngineError("bad_input", f'There is no task "{min(unknown)}".', [f"There are: {here}."])
    return [task for task in tasks if not names or task.name in names]
