"""`ludvig eval floaters`: how many of the floaters put into a scene are found, and what else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from ..eval.datasets import splats_of
from ..eval.floaters import KINDS, Found, known_floaters, measure, strew, summary
from ..io.load import load_scene
from ..pictures.fitted import fitted
from ..progress import Job
from ..removal.floaters import chosen, find_floaters
from ..stages import EVALUATE


def run(folders: Sequence[Path], options: Mapping[str, Any]) -> dict[str, Found]:
    """Put floaters into each scene and look for them at the usual strength; by the scene's name."""
    job: Job = options["job"]
    found = {}
    for folder in job.track(folders, EVALUATE):
        scene = load_scene(splats_of(folder), views=folder, max_size=options["max_size"])
        scene = fitted(scene, job=job)
        strewn = strew(scene, known_floaters(folder, scene))
        scores = find_floaters(strewn.scene, job=job)
        found[folder.name] = measure(scene, strewn, chosen(scores), job=job)
    return found


def tables(rows: Mapping[str, Found]) -> list[Table]:
    """A row per scene for what was found, and one for what the photos say of it."""
    shares = ("precision", "by photos", "recall", *KINDS, "own")
    found = Table("scene", *shares, title="Floaters found, percent", title_justify="left")
    psnrs = ("with floaters", "found deleted", "as it was", "own found deleted")
    photos = Table("scene", *psnrs, title="PSNR of the photos, dB", title_justify="left")
    for name, row in rows.items():
        parts = (row.precision, row.judged, row.recall, *row.by_kind.values(), row.own)
        found.add_row(name, *(f"{100 * part:.1f}" for part in parts))
        values = (row.strewn, row.after, row.before, row.cleaned)
        photos.add_row(name, *(f"{value:.2f}" for value in values))
    return [found, photos]


def as_json(rows: Mapping[str, Found]) -> dict[str, Any]:
    """Everything that was measured, as values of JSON."""
    return {
        "means": summary(list(rows.values())),
        "scenes": {name: asdict(row) for name, row in rows.items()},
    }
