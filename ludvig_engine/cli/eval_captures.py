"""`ludvig eval captures`: compare extractors on your own scenes, also with a chance level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from .. import weights
from ..errors import EngineError
from ..eval import captures
from ..eval.chance import shuffled
from ..progress import Job
from ..words.lift import TextExtractor
from .common import note
from .learned import Models

# extractor -> thing -> kind of prompt -> IoU in percent
Results = Mapping[str, Mapping[str, Mapping[str, float]]]


def chosen_things(data: Path, only: Sequence[str]) -> list[captures.Thing]:
    """The things of a folder of captures, or those called `only`.

    Raises `EngineError` "bad_input" if there is none.
    """
    things = [thing for thing in captures.things(data) if not only or thing.name in only]
    if not things:
        raise EngineError(
            "bad_input",
            f"{data} has no thing called {' or '.join(only)}."
            if only
            else f"{data} has no things.",
            ["Leave out --scene."] if only else ["Compare its files with the documentation."],
        )
    return things


def compare(
    data: Path,
    only: Sequence[str],
    extractors: Sequence[str],
    *,
    text_model: str,
    control: bool,
    options: Mapping[str, Any],
) -> Results:
    """Score every extractor; with `control` also one with shuffled weights, as a chance level.

    That one is the last extractor that has weights. Texts are left out if no text model is here.
    Raises `EngineError` "bad_input" if there is no thing of the names in `only`.
    """
    job: Job = options["job"]
    things = chosen_things(data, only)
    words: TextExtractor | None = None
    try:
        words = Models(False, job).words(text_model or "auto")
    except weights.MissingWeights as missing:
        note(f"Texts are left out, as no model for them is here. {missing}")
    contenders: list[tuple[Any, TextExtractor | None]] = []
    for spec in extractors or ("auto",):
        contenders.append((Models(False, job).features(spec), words))
    if control:
        chance = [found for extractor, _ in reversed(contenders) if (found := shuffled(extractor))]
        if chance:
            contenders.append((chance[0], shuffled(words) if words else None))
    return {
        one.name: captures.score(things, one, encoder, **options) for one, encoder in contenders
    }


def means(results: Results) -> dict[str, dict[str, float]]:
    """The mean IoU over the things, by extractor and kind of prompt, in percent."""
    kinds = {name: list(next(iter(rows.values()))) for name, rows in results.items()}
    return {
        name: {kind: float(np.mean([row[kind] for row in rows.values()])) for kind in kinds[name]}
        for name, rows in results.items()
    }


def table(title: str, results: Results) -> Table:
    """A row per extractor and thing, and the mean of each extractor."""
    out = Table("features", "thing", *captures.KINDS, title=title, title_justify="left")
    average = means(results)
    for name, rows in results.items():
        lines = list(rows.items())
        if len(lines) > 1:
            lines.append(("mean", average[name]))
        for thing, row in lines:
            cells = [f"{row[kind]:.1f}" if kind in row else "" for kind in captures.KINDS]
            out.add_row(name, thing, *cells, style="bold" if thing == "mean" else "")
    return out
