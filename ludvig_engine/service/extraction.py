"""The methods features/*: list the extractors, run one, and show its result as colors."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from .. import weights
from ..errors import EngineError
from ..features import Entry, known
from ..features.auto import best
from ..features.listing import licence
from ..features.table import title
from ..pictures.palette import pca_colors
from ..progress import Job
from ..sam.table import SAMS
from ..sam.table import Entry as Sam
from ..segmentation.segment import warm_up
from ..stages import COLOR
from ..wire.methods import (
    ComputeFeatures,
    ExtractorInfo,
    FeaturesComputed,
    FeaturesListed,
    FeaturesPreviewed,
    ListFeatures,
    PreviewFeatures,
)
from .state import State
from .stopwatch import Stopwatch

MAX_DIM = 512
FEW = 1e-3  # the share of splats that no photo shows above which it is said


def list_features(state: State, request: ListFeatures, job: Job) -> FeaturesListed:
    """Answer features/list: all extractors that menus show, and what each needs to run."""
    here = {id for id, place in weights.status().items() if place}
    # This may import torch, which takes seconds.
    chosen = job.aside(lambda: best("auto"))
    listed = [entry for entry in known().values() if not entry.argument]
    infos = [_info(entry, here) for entry in listed]
    now = f"This is {chosen} now."
    return FeaturesListed(
        tuple(replace(info, needs=now) if info.spec == "auto" else info for info in infos),
        tuple(_segmenter_info(entry, here) for entry in SAMS.values()),
    )


def _info(entry: Entry, here: Container[str]) -> ExtractorInfo:
    """The state of an extractor on a machine with the models `here`."""
    absent = [weights.MODELS[id] for id in entry.models if id not in here]
    lacks = entry.lacking()
    return ExtractorInfo(
        spec=entry.spec,
        licence=licence(entry),
        ready=not lacks and not absent,
        download=sum(model.size for model in absent),
        needs=_needs(lacks, absent),
        title=entry.title,
        models=tuple(model.id for model in absent),
        text=entry.text,
    )


def _segmenter_info(entry: Sam, here: Container[str]) -> ExtractorInfo:
    """The state of a SAM; one whose packages are missing has no models that help it."""
    model = weights.MODELS[entry.model]
    absent = [] if entry.model in here else [model]
    lacks = entry.lacking()
    return ExtractorInfo(
        spec=entry.spec,
        licence=model.licence,
        ready=not lacks and not absent,
        download=sum(model.size for model in absent),
        needs=_needs(lacks, absent),
        title=entry.title,
        models=() if lacks else tuple(model.id for model in absent),
    )


def _needs(lacks: Sequence[str], absent: Sequence[weights.Model]) -> str:
    """What is missing, in sentences."""
    needs = [f"The engine's environment lacks {' and '.join(lacks)}."] if lacks else []
    needs += [
        f"{model.source} is not on this machine ({model.size / 1e6:,.0f} MB)." for model in absent
    ]
    needs += [
        f"You must accept its license at huggingface.co/{model.source}."
        for model in absent
        if model.gated
    ]
    return " ".join(needs)


def compute_features(state: State, request: ComputeFeatures, job: Job) -> FeaturesComputed:
    """Answer features/compute. Raises `EngineError` "bad_input" for a wrong number of channels."""
    if not 1 <= request.dim <= MAX_DIM:
        raise EngineError(
            "bad_input",
            f"PCA cannot keep {request.dim} channels.",
            [f"Choose 1 to {MAX_DIM} channels."],
        )
    state.decide_again()
    watch = Stopwatch(job, None)
    prepared = state.prepared(request.scene, request.extractor, dim=request.dim, job=watch)
    warm_up(prepared)
    timings = watch.timings()
    features, seen = prepared.uplifted.features, int(prepared.uplifted.seen.sum())
    scene = state.scene(request.scene, job=job)
    notes = [*scene.notes, *watch.notes(), *told_of_unseen(len(features) - seen, len(features))]
    return FeaturesComputed(
        prepared.extractor,
        features.shape[1],
        seen,
        not timings,
        timings,
        tuple(notes),
        title=title(state.meant(request.extractor)),
        views=scene.to_file(prepared.uplifted.views),
    )


def told_of_unseen(unseen: int, count: int) -> list[str]:
    """What the user should know of splats without features; nothing if hardly any lacks them."""
    if unseen <= FEW * count:
        return []
    splats = f"{unseen:,} of {count:,} splats"
    return [f"No photo or view shows {splats}: what they belong to follows from others."]


def preview_features(state: State, request: PreviewFeatures, job: Job) -> FeaturesPreviewed:
    """Answer features/preview: the principal components as colors (F, 3), in file order."""
    prepared = state.prepared(request.scene, request.extractor, job=job)
    job.report(COLOR, 0, 1)
    colors = job.aside(lambda: pca_colors(prepared.uplifted))
    return FeaturesPreviewed(state.scene(request.scene, job=job).to_file(colors))
