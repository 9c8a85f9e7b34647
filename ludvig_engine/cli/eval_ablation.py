"""`ludvig eval ablation`: what each number of the segmentation is worth, on scenes of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ..eval import ablation
from .eval_captures import chosen_things
from .learned import Models


def ablate(
    data: Path, only: Sequence[str], extractor: str, *, options: Mapping[str, Any]
) -> list[ablation.Row]:
    """All rows for one extractor. Raises `EngineError` "bad_input" if `only` names no thing."""
    things = chosen_things(data, only)
    return ablation.table(things, Models(False, options["job"]).features(extractor), **options)


def table(rows: Sequence[ablation.Row]) -> Table:
    """IoU in percent with the settings as they are, then how much each change adds or takes."""
    out = Table("number", "value", "mask", "one click", title="IoU in the other photos, percent")
    first = rows[0]
    out.add_row("as it is", "", f"{first.mask:.1f}", f"{first.click:.1f}", style="bold")
    for row in rows[1:]:
        changes = row.mask - first.mask, row.click - first.click
        out.add_row(row.name, str(row.value), *(f"{change:+.1f}" for change in changes))
    return out
