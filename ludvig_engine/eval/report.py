"""Results beside the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.table import Table

COUNTS = ("views", "prompts")  # columns that are no scores


def with_mean(rows: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """The rows and, as "mean", the mean of each column over them, all weighing the same."""
    columns = next(iter(rows.values()), {})
    means = {
        c: float(np.mean([row[c] for row in rows.values()])) for c in columns if c not in COUNTS
    }
    return {**{name: dict(row) for name, row in rows.items()}, "mean": means}


def table(
    title: str, rows: Mapping[str, Mapping[str, Any]], published: Mapping[str, Mapping[str, float]]
) -> Table:
    """`rows` by scene. `published` by method: of some scenes, which become columns, or of our columns, then rows."""
    columns = list(next(iter(rows.values()), {}))
    beside = {
        method: values for method, values in published.items() if not set(values) & set(columns)
    }
    out = Table("scene", *columns, *beside, title=title, title_justify="left")
    for name, row in rows.items():
        theirs = [f"{values[name]:.1f}" if name in values else "" for values in beside.values()]
        out.add_row(name, *_cells(row, columns), *theirs, style="bold" if name == "mean" else "")
    for method in (m for m in published if m not in beside):
        out.add_row(f"{method}, mean", *_cells(published[method], columns))
    return out


def _cells(row: Mapping[str, float], columns: list[str]) -> list[str]:
    return [f"{row[c]:.{0 if c in COUNTS else 1}f}" if c in row else "" for c in columns]
