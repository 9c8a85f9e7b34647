"""The extractors of features and the SAMs that the running engine knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...ludvig_engine.wire.methods import ExtractorInfo
    from ..data.types import SplatObject


def extractors() -> tuple[ExtractorInfo, ...]:
    """The extractors that the engine has listed; empty until it runs."""
    connection = link.connection()
    return connection.extractors if connection else ()


def segmenters() -> tuple[ExtractorInfo, ...]:
    """The SAMs that the engine has listed; empty until it runs."""
    connection = link.connection()
    return connection.segmenters if connection else ()


def segmenter(spec: str) -> ExtractorInfo | None:
    """What the engine has said of a SAM; None: nothing yet."""
    return next((info for info in segmenters() if info.spec == spec), None)


def title(spec: str) -> str:
    """An extractor's name for people: the running engine's, else the one in the add-on's table."""
    from ...ludvig_engine.features import table

    known = next((info.title for info in extractors() if info.spec == spec), "")
    return known or table.title(spec)


def used(thing: SplatObject, spec: str, named: str, timings: Mapping[str, float]) -> None:
    """Note that an answer about an object needed its features.

    `spec` was asked for, and the answer calls it `named`; `timings` are its seconds by stage.
    """
    from ...ludvig_engine.stages import EXTRACT, GRAPH, UPLIFT
    from ..data import features

    seconds = sum(timings.get(stage.id, 0) for stage in (EXTRACT, UPLIFT, GRAPH))
    features.used(thing, spec, named or title(spec), seconds)
