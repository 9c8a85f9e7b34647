"""`ludvig eval captures`: extractors side by side on scenes of one's own, and beside chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from .. import weights
from ..errors import EngineError
from ..eval import captures
from ..progress import Job
from ..words.find import TextExtractor
from .common import console
from .learned import Models

Results = Mapping[
    str, Mapping[str, Mapping[str, float]]
]  # extractor -> thing -> kind of prompt -> IoU


def compare(
    data: Path,
    only: Sequence[str],
    extractors: Sequence[str],
    *,
    text_model: str,
    control: bool,
    options: Mapping[str, Any],
) -> Results:
    """Of every extractor and, with `control`, of the last one that has weights with these shuffled."""
    job: Job = options["job"]
    things = [thing for thing in captures.things(data) if not only or thing.name in only]
    if not things:
        raise EngineError(
            "bad_input", f"{data} has no {' or '.join(only)}.", ["Leave out --scene."]
        )
    words: TextExtractor | None = None
    try:
        words = Models(False, job).words(text_model or "auto")
    except weights.MissingWeights as missing:
        console.print(f"Texts are left out. {missing}", soft_wrap=True)
    contenders: list[tuple[Any, TextExtractor | None]] = []
    for spec in extractors or ("auto",):
        contenders.append((Models(False, job).features(spec), words))
    if control:
        chance = [
            found
            for extractor, _ in reversed(contenders)
            if (found := captures.shuffled(extractor))
        ]
        if chance:
            contenders.append((chance[0], captures.shuffled(words) if words else None))
    return {
        one.name: captures.score(things, one, encoder, **options) for one, encoder in contenders
    }


def means(results: Results) -> dict[str, dict[str, float]]:
    """Over the things, by extractor and kind of prompt."""
    kinds = {name: list(next(iter(rows.values()))) for name, rows in results.items()}
    return {
        name: {kind: float(np.mean([row[kind] for row in rows.values()])) for kind in kinds[name]}
        for name, rows in results.items()
    }


def table(title: str, results: Results) -> Table:
    """A row per extractor and thing, and their means."""
    out = Table("features", "thing", *captures.KINDS, title=title, title_justify="left")
    average = means(results)
    for name, rows in results.items():
        for thing, row in (
            (*rows.items(), ("mean", average[name])) if len(rows) > 1 else rows.items()
        ):
            cells = [f"{row[kind]:.1f}" if kind in row else "" for kind in captures.KINDS]
            out.add_row(name, thing, *cells, style="bold" if thing == "mean" else "")
    return out
