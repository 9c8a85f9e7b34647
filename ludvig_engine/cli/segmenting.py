"""What `ludvig segment` computes from its options; importing it takes a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..arrays import Array
from ..cache.store import Cache
from ..errors import EngineError
from ..paper.configs import Experiment, Foreground, Masks, Words
from ..paper.one_view import of_rows, prepare_pruned
from ..pipeline import Recipe, prepare
from ..progress import Job
from ..scene import Scene
from ..segmentation.paint import notes_of
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Options, Segment
from ..words.find import Spread
from ..words.prompted import found_by
from . import masks, prompts, words
from .learned import Models
from .paper import foreground, whole


@dataclass(frozen=True)
class Asked:
    """What to compute: everything but the scene and the prompts that have a place in a photo."""

    texts: tuple[str, ...]
    extractor: str
    options: Options
    spread: Spread
    recipe: Recipe = field(default_factory=Recipe)
    negatives: Sequence[str] | None = None
    templates: Sequence[str] | None = None
    # The text model, as `ludvig segment --text-model` takes it; "": the best one here.
    text_model: str = ""
    # The SAM that makes masks of clicks and boxes; "": none.
    segmenter: str = ""
    # Whether SAM segments every photo, which replaces features.
    every_photo: bool = False
    published: Experiment | None = None


def with_published(asked: Asked) -> Asked:
    """With the settings of the published experiment on words, if one was asked for."""
    if not isinstance(asked.published, Words):
        return asked
    return replace(
        asked,
        recipe=asked.published.recipe,
        spread=asked.published.spread,
        extractor=asked.extractor or asked.published.extractor,
        text_model=asked.text_model or asked.published.text,
    )


def compute(
    scene: Scene,
    asked: Asked,
    placed: Mapping[str, Sequence[Any]],
    models: Models,
    kept: Cache | None,
    job: Job,
) -> tuple[Segment, dict[str, Array]]:
    """The segment and, for texts, the arrays of `words.find`; all in the engine's order."""
    shared: dict[str, Any] = {"raster": scene.raster, "job": job}
    segmenter = models.segmenter(asked.segmenter) if asked.segmenter else None
    # The paper's experiments take masks.
    whole_masks = asked.every_photo or asked.published
    if segmenter and whole_masks:
        pointed = masks.of_prompts(segmenter, placed["click"], placed["box"])
    else:
        pointed = [] if segmenter else prompts.paint(placed, pointing=True)
    paints = [*pointed, *prompts.paint(placed, pointing=False)]
    if segmenter and asked.every_photo:
        found = masks.all_photos(scene, segmenter, paints, **shared)
        return replace(found, notes=notes_of(paints)), {}
    if isinstance(asked.published, Foreground | Masks):
        parts: dict[str, Any] = {"extractor": asked.extractor, "models": models, "cache": kept}
        found = foreground(scene, asked.published, paints, **parts, **shared)
        return replace(found, notes=(*found.notes, *notes_of(paints))), {}
    features = models.features(asked.extractor or "auto")
    if isinstance(asked.published, Words):
        prepared, rows = prepare_pruned(scene, features, asked.published, cache=kept, job=job)
        found, arrays = _words(of_rows(scene, rows), prepared, asked, models, kept, shared)
        arrays = {name: whole(scene, values, rows) for name, values in arrays.items()}
        return replace(found, scores=whole(scene, found.scores, rows)), arrays
    prepared = prepare(scene, features, recipe=asked.recipe, cache=kept, job=job)
    named, arrays = None, {}
    if asked.texts:
        named, arrays = _words(scene, prepared, asked, models, kept, shared)
    marks = masks.marks(placed["click"], placed["box"]) if segmenter else []
    shared |= {"marks": marks, "segmenter": segmenter, "named": named, "options": asked.options}
    return found_by(prepared, paints, **shared), arrays


def _words(
    scene: Scene,
    prepared: Prepared,
    asked: Asked,
    models: Models,
    kept: Cache | None,
    shared: Mapping[str, Any],
) -> tuple[Segment, dict[str, Array]]:
    return words.text_segment(
        scene,
        prepared,
        asked.texts,
        negatives=asked.negatives,
        templates=asked.templates,
        encoder=models.words(asked.text_model or "auto"),
        spread=asked.spread,
        cache=kept,
        **shared,
    )


def check(paper: str | None, asked: Asked, placed: Mapping[str, Sequence[Any]]) -> None:
    """Raise `EngineError` "bad_input" for prompts and options that exclude each other."""
    texts, paint = len(asked.texts), sum(map(len, placed.values()))
    if not (texts or paint):
        raise EngineError(
            "bad_input", "There is no prompt.", [f"Give one or more of {prompts.options()}."]
        )
    if texts and asked.every_photo:
        raise EngineError(
            "bad_input",
            "--sam-views computes no features to find words with.",
            ["Use --sam without --sam-views, or leave out --text."],
        )
    by_words = isinstance(asked.published, Words)
    if by_words and asked.segmenter:
        raise EngineError(
            "bad_input", f"--sam does not go with the configuration {paper}.", ["Leave it out."]
        )
    if asked.published and (by_words != bool(texts) or (texts and paint)):
        takes = "--text" if by_words else "--mask or --scribble"
        raise EngineError(
            "bad_input",
            f"The configuration {paper} takes {takes} alone, but got {texts} --text and {paint} "
            "prompts in photos.",
            [f"Give {takes} alone, or another --config."],
        )
