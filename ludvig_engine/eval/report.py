"""Print results beside the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.table import Table

COUNTS = ("views", "prompts")  # columns that are no scores


def with_mean(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The rows, and a row "mean" with the unweighted mean of each column."""
    scores = [c for c in next(iter(rows.values()), {}) if c not in COUNTS]
    means = {c: float(np.mean([row[c] for row in rows.values()])) for c in scores}
    return {**{name: dict(row) for name, row in rows.items()}, "mean": means}


def table(
    title: str, rows: Mapping[str, Mapping[str, Any]], published: Mapping[str, Mapping[str, float]]
) -> Table:
    """A table of our `rows` by scene and of the `published` numbers by method.

    Methods with one number per scene become columns. Methods with one number per measure, named as
    our columns, become rows.
    """
    columns = list(next(iter(rows.values()), {}))
    named = set(columns)
    beside = {method: values for method, values in published.items() if not set(values) & named}
    out = Table("scene", *columns, *beside, title=title, title_justify="left")
    for name, row in rows.items():
        theirs = [f"{values[name]:.1f}" if name in values else "" for values in beside.values()]
        out.add_row(name, *_cells(row, columns), *theirs, style="bold" if name == "mean" else "")
    for method in (m for m in published if m not in beside):
        out.add_row(f"{method}, mean", *_cells(published[method], columns))
    return out


def _cells(row: Mapping[str, float], columns: list[str]) -> list[str]:
    return [f"{row[c]:.{0 if c in COUNTS else 1}f}" if c in row else "" for c in columns]
