"""The benchmarks of `ludvig eval` that measure the product itself, one function each.

They import what they need when they run, because evaluation imports much that other commands do
not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Asked:
    """What the user asked for, beside the benchmark."""

    folders: Sequence[Path]
    only: Sequence[str]  # tasks; none: all
    extractors: Sequence[str]
    text_model: str
    control: bool
    beside: bool
    selection: str
    pictures: Path | None
    options: Mapping[str, Any]  # max_size, cache and job

    @property
    def extractor(self) -> str:
        """The one extractor, or "auto"."""
        return "".join(self.extractors) or "auto"


# The values for JSON, and the tables to print.
Answer = tuple[dict[str, Any], Sequence[Table]]


def compare(asked: Asked) -> Answer:
    from .eval_captures import compare, means, table

    (data,) = asked.folders
    results = compare(
        data,
        asked.only,
        asked.extractors,
        text_model=asked.text_model,
        control=asked.control,
        options=asked.options,
    )
    title = "IoU in the other photos, percent"
    return {"means": means(results), "results": results}, [table(title, results)]


def ablate(asked: Asked) -> Answer:
    from .eval_ablation import ablate, table

    (data,) = asked.folders
    rows = ablate(data, asked.only, asked.extractor, options=asked.options)
    return {"results": [asdict(row) for row in rows]}, [table(rows)]


def click(asked: Asked) -> Answer:
    from .eval_clicks import run, tables

    tried, found = run(
        asked.folders,
        asked.only,
        asked.extractor,
        beside=asked.beside,
        control=asked.control,
        pictures=asked.pictures,
        options=asked.options,
    )
    return found, tables(tried, found)


def divide(asked: Asked) -> Answer:
    from .eval_auto import run, tables

    found = run(asked.folders, asked.only, asked.extractor, asked.options)
    return found, tables(found)


def remove(asked: Asked) -> Answer:
    from .eval_removal import as_json, run, tables

    rows = run(
        asked.folders,
        asked.only,
        # Only Grow and clicks use the features.
        "".join(asked.extractors) or "colour",
        selection=asked.selection,
        pictures=asked.pictures,
        options=asked.options,
    )
    return {"selection": asked.selection, **as_json(rows)}, tables(rows)


def follow_borders(asked: Asked) -> Answer:
    from .eval_boundary import as_json, run, tables

    rows = run(asked.folders, asked.only, asked.options)
    return as_json(rows), tables(rows)


def find_floaters(asked: Asked) -> Answer:
    from .eval_floaters import as_json, run, tables

    rows = run(asked.folders, asked.options)
    return as_json(rows), tables(rows)


OWN: Mapping[str, Callable[[Asked], Answer]] = {
    "captures": compare,
    "ablation": ablate,
    "clicks": click,
    "auto": divide,
    "removal": remove,
    "boundary": follow_borders,
    "floaters": find_floaters,
}
