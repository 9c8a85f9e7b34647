"""`ludvig segment`: from prompts on photos to selected splats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from .. import __version__
from ..arrays import Array
from ..cache.store import Cache
from ..errors import EngineError
from ..io.load import load_scene
from ..paper.configs import Experiment, Foreground, Masks, Words, config
from ..pictures.fitted import fitted
from ..pipeline import Recipe, prepare
from ..progress import Job
from ..sam import Segmenter
from ..scene import Scene
from ..segmentation.painting import Paint, notes_of
from ..segmentation.segment import Options, Segment, segment
from ..words.correct import corrected
from ..words.find import Spread
from . import masks, prompts, words, written
from .common import (
    AsJson,
    Download,
    Extractor,
    MaxSize,
    Near,
    NeededViews,
    NoCache,
    Photos,
    Refine,
    Splats,
    bars,
    cache,
    cached,
    nothing_kept,
)
from .learned import Models
from .paper import Config, foreground

Diffusion = Annotated[
    bool, typer.Option("--diffusion/--no-diffusion", help="Spread the scores along the graph")
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="Select scores above this, 0..1; default: chosen from the data", min=0, max=1
    ),
]


def command(
    splats: Splats,
    views: NeededViews,
    out: written.Out,
    click: prompts.Clicks = None,
    scribble: prompts.Scribbles = None,
    mask: prompts.Masks = None,
    mask_value: prompts.MaskValue = None,
    box: prompts.Boxes = None,
    text: prompts.Texts = None,
    negative: words.Negatives = None,
    template: words.Templates = None,
    text_model: words.TextModel = "",
    sam: masks.Sam = None,
    sam_views: masks.SamViews = False,
    paper: Config = None,
    extractor: Extractor = "",
    diffusion: Diffusion = True,
    threshold: Threshold = None,
    keep: written.Keep = None,
    remove: written.Remove = None,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Select the object that clicks, scribbles, masks, boxes or words in the photos point to."""
    published = config(paper) if paper else None
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size)
    with bars(json, nothing_kept) as job:
        scene = fitted(scene, near=near, job=job)
    given = {"click": click, "scribble": scribble, "mask": mask, "box": box, "text": text}
    placed = prompts.read_all(scene, given, mask_value=mask_value)
    asked = Asked(
        texts=tuple(text or ()),
        negatives=negative,
        templates=template,
        text_model=text_model,
        segmenter=sam or ("sam2" if sam_views else ""),
        every_photo=sam_views,
        published=published,
        extractor=extractor,
        recipe=Recipe(refine=refine),
        options=Options(diffusion=diffusion, threshold=threshold),
        spread=Spread(diffusion=diffusion, threshold=threshold),
    )
    _check(paper, asked, placed)
    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        found, more = _compute(scene, _with_published(asked), placed, models, cache(no_cache), job)
    if threshold is not None:
        found = replace(found, threshold=threshold, how="given")
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": models.name,
        "licence": models.licence,
        "config": paper,
        "threshold": found.threshold,
        "prompts": {
            **given,
            "mask_value": mask_value,
            "negative": negative,
            "template": template,
        },
        "parameters": found.parameters,
        "evidence": found.evidence,
    }
    selected = written.write(out, scene, found, more, about)
    told = [*scene.notes, *found.notes, *written.export(splats, out, keep, remove, selected)]
    files = [path for path in (out, keep, remove) if path is not None]
    written.report(found, about, selected, files, told, json)


@dataclass(frozen=True)
class Asked:
    """What to compute: everything but the scene and the prompts that have a place in a photo."""

    texts: tuple[str, ...]
    negatives: Sequence[str] | None
    templates: Sequence[str] | None
    # The text model, as `ludvig segment --text-model` takes it; "": the best one here.
    text_model: str
    # The SAM that makes masks of clicks and boxes; "": none.
    segmenter: str
    # Whether SAM segments every photo, which replaces features.
    every_photo: bool
    published: Experiment | None
    extractor: str
    recipe: Recipe
    options: Options
    spread: Spread


def _with_published(asked: Asked) -> Asked:
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


def _compute(
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
    paints = _paints(segmenter, placed)
    if segmenter and asked.every_photo:
        found = masks.all_photos(scene, segmenter, paints, **shared)
        return replace(found, notes=notes_of(paints)), {}
    if isinstance(asked.published, Foreground | Masks):
        parts: dict[str, Any] = {"extractor": asked.extractor, "models": models, "cache": kept}
        found = foreground(scene, asked.published, paints, **parts, **shared)
        return replace(found, notes=(*found.notes, *notes_of(paints))), {}
    features = models.features(asked.extractor or "auto")
    prepared = prepare(scene, features, recipe=asked.recipe, cache=kept, job=job)
    if not asked.texts:
        return segment(prepared, paints, options=asked.options, **shared), {}
    found, arrays = words.text_segment(
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
    if paints:
        found = corrected(prepared, found, paints, options=asked.options, **shared)
    return found, arrays


def _paints(segmenter: Segmenter | None, placed: Mapping[str, Sequence[Any]]) -> list[Paint]:
    """The prompts as paint on photos; clicks and boxes go through the segmenter if there is one."""
    if segmenter:
        pointed = masks.of_prompts(segmenter, placed["click"], placed["box"])
    else:
        pointed = prompts.paint(placed, pointing=True)
    return [*pointed, *prompts.paint(placed, pointing=False)]


def _check(paper: str | None, asked: Asked, placed: Mapping[str, Sequence[Any]]) -> None:
    """Raise `EngineError` "bad_input" for prompts and options that exclude each other."""
    texts, paint = len(asked.texts), sum(map(len, placed.values()))
    if not (texts or paint):
        raise EngineError(
            "bad_input", "There is no prompt.", [f"Give one or more of {prompts.options()}."]
        )
    if texts and not paint and asked.segmenter:
        raise EngineError(
            "bad_input",
            f"SAM needs clicks or boxes, but your only prompts are texts ({texts}).",
            ["Add a --click or --box, or leave out --sam and --sam-views."],
        )
    if texts and asked.every_photo:
        raise EngineError(
            "bad_input",
            "--sam-views computes no features to find words with.",
            ["Use --sam without --sam-views, or leave out --text."],
        )
    by_words = isinstance(asked.published, Words)
    if asked.published and (by_words != bool(texts) or (texts and paint)):
        takes = "--text" if by_words else "--mask or --scribble"
        raise EngineError(
            "bad_input",
            f"The configuration {paper} takes {takes} alone, but got {texts} --text and {paint} "
            "prompts in photos.",
            [f"Give {takes} alone, or another --config."],
        )
