"""Requests about features: what there is, compute them, look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from numpy import ndarray as Array

from .request import Request


@dataclass(frozen=True)
class ExtractorInfo:
    spec: str  # such as "colour" or "dinov2:small"
    licence: str  # of its weights, as an SPDX identifier
    ready: bool  # whether it can run now
    download: int = 0  # bytes still to fetch before it can
    needs: str = ""  # what is missing, in a sentence
    # A name for people; "" if it has none beside `spec`.
    title: str = ""
    # Ids of the models to fetch before it can run, as for `ludvig models fetch`.
    models: tuple[str, ...] = ()
    text: bool = False  # whether its features can be compared with texts


@dataclass(frozen=True)
class FeaturesListed:
    extractors: tuple[ExtractorInfo, ...]
    # The SAMs that can turn clicks and boxes into masks, the default first.
    segmenters: tuple[ExtractorInfo, ...] = ()


@dataclass(frozen=True)
class ListFeatures(Request[FeaturesListed], method="features/list"):
    """The feature extractors this engine knows, and the SAMs."""


@dataclass(frozen=True)
class FeaturesComputed:
    extractor: str  # the extractor that ran, with its version
    dim: int  # D: channels kept per Gaussian
    # Gaussians that at least one photo shows. The others have no features.
    seen: int
    cached: bool  # whether all was there already
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()
    title: str = ""  # of the extractor, for people; "auto" is the one that it stood for
    # How many photos show each Gaussian: the effective number, so one that fills a photo and is
    # hardly seen in others counts little more than 1.
    views: Annotated[Array, "F32", "N"] | None = None


@dataclass(frozen=True)
class ComputeFeatures(Request[FeaturesComputed], method="features/compute"):
    """Extract features from all photos, lift them, build the graph.

    Slow; resumes from the cache.
    """

    scene: str
    extractor: str = "colour"
    dim: int = 40  # channels to keep (PCA)


@dataclass(frozen=True)
class FeaturesPreviewed:
    colours: Annotated[Array, "F32", "N 3"]  # sRGB, 0..1


@dataclass(frozen=True)
class PreviewFeatures(Request[FeaturesPreviewed], method="features/preview"):
    """The three main directions of the features, as one color per Gaussian."""

    scene: str
    extractor: str = "colour"
