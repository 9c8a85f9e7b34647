"""`ludvig eval nvos`, `spin`, `lerf`, `scannet`: the paper's experiments, beside its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..paper.configs import Masks, Words, config
from ..progress import Job
from ..sam import load_segmenter


def run(
    benchmark: str,
    data: Path,
    scenes: Path | None,
    only: list[str],
    experiment: str,
    extractor: str,
    text_model: str,
    options: dict[str, Any],
) -> tuple[dict[str, dict[str, float]], Mapping[str, Mapping[str, float]], dict[str, Any]]:
    """Results by scene, the published numbers, and the settings."""
    from ..eval import captures, lacking, lerf, nvos, scannet, single_view, spin

    job: Job = options["job"]
    if benchmark == "scannet":
        scans = _only(scannet.tasks(data, scenes, only), only)
        lacking.check(scans, data, scannet)
        texts = scannet.read_texts(data / "text_features.json")
        answer = scannet.predictor(texts, max_size=options["max_size"], job=job)
        rows = scannet.score(scans, answer, job=job)
        return rows, scannet.PUBLISHED, {"extractor": "the dataset's own segments"}
    module: Any = {"nvos": nvos, "spin": spin, "lerf": lerf, "captures": captures}[benchmark]
    settings = config(experiment or module.CONFIG)
    tasks = _only(module.tasks(data, scenes, only), only)
    lacking.check(tasks, data, module)
    about = {"config": experiment or module.CONFIG, "settings": asdict(settings)}
    if isinstance(settings, Words) != (benchmark == "lerf"):
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
