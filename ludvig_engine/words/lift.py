"""Features that texts can be compared with: the extractors that make them, and lifting them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from .. import weights
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor, load_extractor, ranked, text_models
from ..pipeline import Recipe, lifted_features
from ..progress import SILENT, Job
from ..scene import Scene
from ..scene.raster import Raster
from ..uplifting import Uplifted
from .text import TextEncoder


@runtime_checkable
class TextExtractor(Extractor, TextEncoder, Protocol):
    """An extractor whose features texts can be compared with."""


def load_text_extractor(spec: str = "auto", *, device: str = "cpu") -> TextExtractor:
    """Load an extractor whose features texts can be compared with, such as "tips" or "clip".

    "auto" is the best one that runs and whose weights are here, and never downloads. Raises
    `EngineError`: "bad_input" if texts cannot be compared with the extractor's features,
    `weights.MissingWeights` if weights are not on this machine.
    """
    spec = best_for_words() if spec == "auto" else spec
    extractor = load_extractor(spec, device=device)
    if not isinstance(extractor, TextExtractor):
        raise EngineError(
            "bad_input",
            f'Texts cannot be compared with the features of "{spec}".',
            [f"Use one of these for texts: {text_models()}."],
        )
    return extractor


def best_for_words() -> str:
    """The spec that "auto" stands for. Raises `weights.MissingWeights` if no weights are here."""
    here = {id for id, place in weights.status().items() if place}
    ready = [entry for entry in ranked("words") if here.issuperset(entry.models)]
    if not ready:
        raise weights.MissingWeights(weights.MODELS["clip"])
    # If packages are missing for all of them, loading the first one says which.
    return next((entry for entry in ready if not entry.lacking()), ready[0]).spec


def lift_text(
    scene: Scene,
    extractor: Extractor,
    *,
    raster: Raster | None = None,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Uplifted:
    """Text-aligned features of the Gaussians (N, D).

    They keep all channels, because PCA would change their cosines with texts.
    """
    recipe = Recipe(components=0, raster=raster)
    return lifted_features(scene, extractor, recipe=recipe, cache=cache, job=job)
