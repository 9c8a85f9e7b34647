"""`ludvig eval auto`: are the segments that need no prompts the things of the scene?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ..eval import panoptic_scores
from ..eval.panoptic_scores import DETAILS, USUAL
from .eval_captures import chosen_things
from .learned import Models


def run(
    folders: Sequence[Path], only: Sequence[str], extractor: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Divide all captures of all folders, and compare with their masks; the values for JSON."""
    things = [thing for folder in folders for thing in chosen_things(folder, only)]
    features = Models(False, options["job"]).features(extractor)
    rows = panoptic_scores.run(things, features, **options)
    return {"extractor": features.name, **panoptic_scores.as_json(rows)}


def tables(found: Mapping[str, Any]) -> list[Table]:
    """A row per scene: the quality at each detail, and what was found at the default."""
    title = f"Panoptic quality by detail, percent, {found['extractor']}"
    columns = ("scene", *(f"{detail:g}" for detail in DETAILS), "segments", "things found")
    out = Table(*columns, title=title, title_justify="left")
    for name, row in found["scenes"].items():
        usual = row[f"{USUAL:g}"]
        cells = [f"{100 * row[f'{detail:g}']['pq']:.1f}" for detail in DETAILS]
        matched = f"{usual['matched']} of {len(usual['things'])}"
        out.add_row(name, *cells, str(usual["segments"]), matched)
    cells = [f"{100 * found['pq'][f'{detail:g}']:.1f}" for detail in DETAILS]
    out.add_row("mean", *cells, "", "", style="bold")
    return [out]
