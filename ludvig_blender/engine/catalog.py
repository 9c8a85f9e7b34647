"""Which features the engine that runs can tell splats apart by, and what they are called for people."""

from __future__ import annotations

from typing import Any

from . import link


def extractors() -> tuple[Any, ...]:
    """What the engine has listed, `methods.ExtractorInfo`; empty until it runs."""
    connection = link.connection()
    return connection.extractors if connection else ()


def title(spec: str) -> str:
    """An extractor's name for people: the running engine's, else that of the table the add-on was built with."""
    from ...ludvig_engine.features.table import EXTRACTORS

    known = next((info.title for info in extractors() if info.spec == spec), "")
    return known or (EXTRACTORS[spec].title if spec in EXTRACTORS else spec)
