"""`ludvig eval boundary`: how well selections follow borders, before and after splitting them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from ..eval import captures, metrics
from ..eval.boundary import Border, Both, compare, ours
from ..eval.datasets import splats_of
from ..eval.lifting import photos_psnr
from ..io.load import load_scene
from ..pictures.fitted import fitted
from ..progress import Job
from ..stages import EVALUATE
from .eval_captures import chosen_things


def run(
    folders: Sequence[Path],
    only: Sequence[str],
    options: Mapping[str, Any],
) -> list[Both]:
    """Split the border of each thing of all folders by itself."""
    job: Job = options["job"]
    found = []
    for folder in folders:
        things = chosen_things(folder, only)
        for place in dict.fromkeys(thing.place for thing in things):
            scene = load_scene(splats_of(place), views=place, max_size=options["max_size"])
            scene = fitted(scene, job=job)
            before = photos_psnr(scene, job=job)
            own: list[captures.Thing] = [thing for thing in things if thing.place == place]
            for thing in job.track(own, EVALUATE):
                found.append(compare(thing, scene, ours, before=before, job=job))
    return found


def tables(rows: Sequence[Both]) -> list[Table]:
    """A row per thing, and their means."""
    title = "Exact masks lifted, percent, before and after the border is split"
    columns = ("thing", "IoU", "after", "boundary IoU", "after", "photos, dB", "change", "added")
    out = Table(*columns, title=title, title_justify="left")
    for row in rows:
        out.add_row(row.name, *_cells(row.before, row.after))
    before, after = (_mean([getattr(row, side) for row in rows]) for side in ("before", "after"))
    out.add_row("mean", *_cells(before, after), style="bold")
    return [out]


def _cells(before: Border, after: Border) -> tuple[str, ...]:
    return (
        *(f"{100 * one:.1f}" for one in (before.iou, after.iou)),
        *(f"{100 * one:.1f}" for one in (before.boundary, after.boundary)),
        f"{before.psnr:.2f}",
        f"{after.psnr - before.psnr:+.3f}",
        f"{after.count - before.count:,}",
    )


def _mean(rows: Sequence[Border]) -> Border:
    return Border(
        metrics.mean(row.iou for row in rows),
        metrics.mean(row.boundary for row in rows),
        metrics.mean(row.psnr for row in rows),
        round(metrics.mean(row.count for row in rows)),
    )


def as_json(rows: Sequence[Both]) -> dict[str, Any]:
    """Everything that was measured, as values of JSON."""
    sides = ("before", "after")
    return {
        "means": {side: asdict(_mean([getattr(row, side) for row in rows])) for side in sides},
        "things": {row.name: {side: asdict(getattr(row, side)) for side in sides} for row in rows},
    }
