"""`ludvig eval clicks`: how a selection gets better, or worse, with every click of a correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from ..errors import plural
from ..eval import click_scores
from ..eval.answers import OURS
from ..eval.chance import shuffled
from ..eval.click_pictures import write_worst
from ..eval.click_scores import Tried
from ..eval.clicks import MOST
from .eval_captures import chosen_things
from .learned import Models

CONTROL = "CONTROL"


def run(
    folders: Sequence[Path],
    only: Sequence[str],
    extractor: str,
    *,
    beside: bool,
    control: bool,
    pictures: Path | None,
    options: Mapping[str, Any],
) -> tuple[list[Tried], dict[str, Any]]:
    """Click on all things of all folders, and write the pictures of the worst.

    With `control`, ours is also run on the same features with shuffled weights, if they have
    weights. Returns what was tried and the values for JSON.
    """
    things = [thing for folder in folders for thing in chosen_things(folder, only)]
    features = Models(False, options["job"]).features(extractor)
    tried = click_scores.run(things, features, beside=beside, **options)
    found: dict[str, Any] = {"extractor": features.name, **click_scores.as_json(tried)}
    chance = shuffled(features) if control else None
    if chance is not None:
        by_chance = click_scores.run(things, chance, **options)
        found[CONTROL] = click_scores.as_json(by_chance)
    if pictures is not None:
        found["pictures"] = [str(path) for path in write_worst(tried, pictures)]
    return tried, found


def tables(tried: Sequence[Tried], found: Mapping[str, Any]) -> list[Table]:
    """A row per thing for ours, and a row per way for the measures over all things."""
    counts = (1, 2, 3, 5, MOST)
    title = f"IoU in the other photos, percent, {found['extractor']}"
    rows = Table(
        *("thing", "ceiling", "mask"),
        *(plural(count, "click") for count in counts),
        title=title,
        title_justify="left",
    )
    for one in tried:
        ious = (one.ceiling, one.by_mask[OURS], *(one.ours.iou(count) for count in counts))
        rows.add_row(one.name, *(f"{100 * iou:.1f}" for iou in ious))
    ways = dict(found["clicks"])
    if CONTROL in found:
        ways[CONTROL] = found[CONTROL]["clicks"][OURS]
    measures = list(ways[OURS])
    masks = {**found["mask"]}
    over = Table("all things", *ways, title_justify="left", title="Clicks")
    for name in measures:
        over.add_row(name, *(f"{ways[way][name]:.1f}" for way in ways))
    by_mask = Table("all things", "ceiling", *masks, title="One mask", title_justify="left")
    by_mask.add_row("IoU", *(f"{value:.1f}" for value in (found["ceiling"], *masks.values())))
    return [rows, over, by_mask]
