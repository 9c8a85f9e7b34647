"""features/*: which extractors there are, running one, its result as colours."""

from __future__ import annotations

from importlib.metadata import entry_points
from importlib.util import find_spec

from .. import weights
from ..errors import EngineError
from ..features.auto import best
from ..pictures.draw import pca_colours
from ..progress import Job
from ..segmentation.segment import begin
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

# What to ask for, and the models it takes.
LEARNED = {
    "imgfocus+xfeat": ("imgfocus", "xfeat"),
    "imgfocus": ("imgfocus",),
    "xfeat": ("xfeat",),
    "effnet": ("effnet",),
    "conse": ("effnet", "minilm", "imagenet-names"),
    **{
        spec: (spec.replace(":", "-"),)
        for spec in ("dinov2:small", "dinov2:base", "dinov2:large", "dinov2:giant")
    },
    **{spec: (spec.replace(":", "-"),) for spec in ("dinov3:small", "dinov3:base", "dinov3:large")},
    "clip": ("clip",),
    "clip:laion": ("clip-laion",),
    "siglip": ("siglip2",),
    "tips": ("tips",),
}
PACKAGES = ("torch", "transformers")
MAX_DIM = 512


def list_features(state: State, request: ListFeatures, job: Job) -> FeaturesListed:
    missing = [name for name in PACKAGES if not find_spec(name)]
    here = {id for id, place in weights.status().items() if place}
    chosen = job.aside(lambda: best("auto"))  # which imports torch
    found = [ExtractorInfo("auto", "", ready=True, needs=f"This is {chosen} now.")]
    found.append(ExtractorInfo("colour", "GPL-3.0-or-later", ready=True))
    for spec, models in LEARNED.items():
        absent = [weights.MODELS[id] for id in models if id not in here]
        licence = " AND ".join(dict.fromkeys(weights.MODELS[id].licence for id in models))
        needs = [f"The engine's environment lacks {' and '.join(missing)}."] if missing else []
        needs += [
            f"{model.source} is not on this machine ({model.size / 1e6:,.0f} MB)."
            for model in absent
        ]
        needs += [
            f"It asks to accept its licence at huggingface.co/{model.source}."
            for model in absent
            if model.gated
        ]
        size = sum(model.size for model in absent)
        found.append(
            ExtractorInfo(spec, licence, not missing and not absent, size, " ".join(needs))
        )
    added = sorted(point.name for point in entry_points(group="ludvig.extractors"))
    found += [ExtractorInfo(name, "", ready=True) for name in added]
    return FeaturesListed(tuple(found))


def compute_features(state: State, request: ComputeFeatures, job: Job) -> FeaturesComputed:
    if not 1 <= request.dim <= MAX_DIM:
        raise EngineError(
            "bad_input", f"{request.dim} channels cannot be kept.", [f"Choose 1 to {MAX_DIM}."]
        )
    if request.extractor == "auto":
        state.forget_extractor("auto")  # better ones may have been fetched
    watch = Stopwatch(job, None)
    prepared = state.prepared(request.scene, request.extractor, dim=request.dim, job=watch)
    begin(prepared)
    timings = watch.timings()
    features, seen = prepared.uplifted.features, int(prepared.uplifted.seen.sum())
    notes = list(state.scene(request.scene, job=job).notes)
    if seen < len(features):
        notes.append(f"{len(features) - seen:,} of {len(features):,} splats are seen by no photo.")
    return FeaturesComputed(
        prepared.extractor, features.shape[1], seen, not timings, timings, tuple(notes)
    )


def preview_features(state: State, request: PreviewFeatures, job: Job) -> FeaturesPreviewed:
    prepared = state.prepared(request.scene, request.extractor, job=job)
    job.report(COLOR, 0, 1)
    colours = job.aside(lambda: pca_colours(prepared.uplifted))
    return FeaturesPreviewed(state.scene(request.scene, job=job).to_file(colours))
