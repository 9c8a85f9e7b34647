"""`ludvig eval removal`: is what is behind an object as it would be without it?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from ..arrays import Array, Bool
from ..eval import captures
from ..eval.removal import Case, Measured, cases, exact, means, measure, shown, unedited
from ..eval.removal_ways import OURS, Left, Way, ways
from ..pictures.draw import save
from ..pipeline import prepare
from ..progress import Job
from ..segmentation import painting
from ..segmentation.prepared import Prepared
from ..segmentation.segment import segment
from ..stages import EVALUATE
from .learned import Models


@dataclass(frozen=True)
class Row:
    """One thing, removed in one way."""

    thing: str
    way: str
    measured: Measured
    whole: float  # PSNR in dB outside of the thing before anything was removed
    seconds: float
    added: int


def run(
    folders: Sequence[Path],
    only: Sequence[str],
    extractor: str,
    *,
    selection: str,
    pictures: Path | None,
    options: Mapping[str, Any],
) -> list[Row]:
    """Remove all things of all folders in every way, and write pictures of each."""
    job: Job = options["job"]
    features = Models(False, job).features(extractor)
    rows = []
    for folder in folders:
        found = cases(folder, only, job=job)
        prepared = prepare(found[0].scene, features, cache=options["cache"], job=job)
        for case in job.track(found, EVALUATE):
            selected = _selected(case, prepared, selection, job)
            tried = list(_tried(case, selected, ways(prepared, job=job), job))
            rows += [row for row, _ in tried]
            if pictures is not None:
                _write(case, {row.way: left for row, left in tried}, pictures, job)
    return rows


def _selected(case: Case, prepared: Prepared, selection: str, job: Job) -> Bool[Array, " N"]:
    if selection == "truth":
        return exact(case, job=job)
    view, mask, _ = captures.prompted(case.scene, case.thing)
    if selection == "mask":
        return segment(prepared, [painting.mask(view.camera, mask)], job=job).selected
    clicks = captures.clicks(view, mask, 1, 0, seed=0)
    return segment(prepared, clicks, job=job).selected


def _tried(
    case: Case, selected: Bool[Array, " N"], by: Mapping[str, Way], job: Job
) -> Iterator[tuple[Row, Left]]:
    whole = unedited(case, job=job)
    for name, way in by.items():
        start = time.perf_counter()
        left = way(case.scene, selected)
        seconds = time.perf_counter() - start
        measured = measure(case, left.gaussians, job=job)
        yield Row(case.name, name, measured, whole, seconds, left.added), left


def _write(case: Case, by: Mapping[str, Left], folder: Path, job: Job) -> None:
    """A picture per thing: what is there, the truth, and what every way leaves."""
    one = max(case.hidden, key=lambda hidden: int(hidden.covered.sum()))
    panels = [one.complete, one.truth]
    panels += [shown(case, left.gaussians, one, job=job)[0] for left in by.values()]
    save(folder / f"{case.name.replace(': ', '_')}.png", np.concatenate(panels, 1))


COLUMNS: Mapping[str, Callable[[Measured], str]] = {
    "inside, dB": lambda m: f"{m.inside:.2f}",
    "with gain": lambda m: f"{m.gained:.2f}",
    "SSIM": lambda m: f"{m.ssim:.3f}",
    "outside, dB": lambda m: f"{m.outside:.2f}",
    "holes": lambda m: f"{m.holes:.1%}",
}


def tables(rows: Sequence[Row]) -> list[Table]:
    """A row per thing with PSNRs by way and more about ours, and a row per way with the means."""
    names = list(dict.fromkeys(row.way for row in rows))
    title = (
        "PSNR in dB of what the thing covered, from cameras that are held back, and more of ours"
    )
    more = ("SSIM", "outside", "holes", "seconds", "added")
    every = Table("thing", *names, *more, title=title, title_justify="left")
    for thing in dict.fromkeys(row.thing for row in rows):
        by = {row.way: row for row in rows if row.thing == thing}
        cells = [f"{by[name].measured.inside:.1f}" for name in names]
        ours = by[OURS]
        every.add_row(
            thing,
            *cells,
            f"{ours.measured.ssim:.2f}",
            f"{ours.measured.outside - ours.whole:+.2f}",
            f"{ours.measured.holes:.1%}",
            f"{ours.seconds:.1f}",
            f"{ours.added:,}",
        )
    over = Table("all things", *COLUMNS, "seconds", title="Means", title_justify="left")
    for way, (measured, seconds) in _means(rows).items():
        cells = [cell(measured) for cell in COLUMNS.values()]
        over.add_row(way, *cells, f"{seconds:.1f}")
    return [every, over]


def _means(rows: Sequence[Row]) -> dict[str, tuple[Measured, float]]:
    """The mean measures and seconds of each way."""
    found = {}
    for way in dict.fromkeys(row.way for row in rows):
        own = [row for row in rows if row.way == way]
        seconds = float(np.mean([row.seconds for row in own]))
        found[way] = means([row.measured for row in own]), seconds
    return found


def as_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that was measured, as values of JSON."""
    things: dict[str, dict[str, Any]] = {}
    for row in rows:
        values = {**asdict(row.measured), "unedited outside": row.whole}
        more = {"seconds": row.seconds, "added": row.added}
        things.setdefault(row.thing, {})[row.way] = {**values, **more}
    over = {
        way: {**asdict(measured), "seconds": seconds}
        for way, (measured, seconds) in _means(rows).items()
    }
    return {"means": over, "things": things}
