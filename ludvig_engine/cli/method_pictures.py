"""The pictures of the method itself: features in 2-D and 3-D, and the diffusion of prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import pipeline
from ..arrays import Array, Float
from ..cache.store import Cache
from ..features import Extractor
from ..io.photos import read_photo
from ..paper.spreading import spread
from ..pictures import draw, feature_sheet, film
from ..pictures.palette import Palette, pca_colors
from ..progress import Job
from ..scene import Scene, View
from ..segmentation.paint import notes_of
from ..stages import FIND_WORDS
from ..words import text
from ..words.lift import TextExtractor
from . import prompts
from .learned import Models

# What draws a view to a PNG and files of other endings beside it, and returns all of them.
Drawer = Callable[[View, Path], list[Path]]
# What draws one pair of a feature sheet.
Pairs = Callable[[View], list[feature_sheet.Pair]]


def pca(scene: Scene, extractor: Extractor, cache: Cache | None, job: Job) -> Float[Array, "N 3"]:
    """The features of all Gaussians as colors."""
    return pca_colors(pipeline.lifted_features(scene, extractor, cache=cache, job=job))


def diffusion(
    scene: Scene,
    extractor: Extractor,
    placed: Mapping[str, Sequence[Any]],
    cache: Cache | None,
    job: Job,
) -> tuple[Drawer, list[str]]:
    """What draws strip and film of a view (`paper.spreading`), and notes."""
    paints = [*prompts.paint(placed, pointing=True), *prompts.paint(placed, pointing=False)]
    prepared = pipeline.prepare(scene, extractor, cache=cache, job=job)
    sides = spread(prepared, paints, times=film.MOMENTS, job=job).sides()
    notes = list(notes_of(paints))
    if "background" not in sides:
        notes.append("There is no negative prompt, so the foreground spreads alone.")
    shared: dict[str, Any] = {"raster": prepared.raster, "job": job}
    gaussians = prepared.gaussians

    def drawn(view: View, path: Path) -> list[Path]:
        colors = draw.rgb(gaussians, view.camera, **shared)
        films = {
            name: film.exposures(gaussians, view.camera, states, colors, **shared)
            for name, states in sides.items()
        }
        first = film.prompted(colors, view.camera, paints)
        still = [film.MOMENTS.index(t) for t in film.TIMES]
        few = {name: pictures[still] for name, pictures in films.items()}
        frames = film.animated(films, film.MOMENTS)
        return [
            draw.save(path, film.strip(first, few, film.TIMES)),
            film.save_animated(path.with_suffix(".gif"), frames),
        ]

    return drawn, notes


def features(
    scene: Scene,
    extractors: Sequence[Extractor],
    texts: Sequence[str],
    encoder: TextExtractor | None,
    cache: Cache | None,
    job: Job,
) -> tuple[Drawer, list[str]]:
    """What draws the feature sheet of a view, with the relevancy of each text, and notes."""
    columns = [_feature_pairs(scene, one, cache, job) for one in extractors]
    notes: list[str] = []
    if encoder:
        pairs, notes = _relevancy_pairs(scene, encoder, texts, cache, job)
        columns.append(pairs)

    def drawn(view: View, path: Path) -> list[Path]:
        splats = draw.rgb(scene.gaussians, view.camera, raster=scene.raster, job=job)
        pairs = [pair for column in columns for pair in column(view)]
        sheet = feature_sheet.feature_sheet(read_photo(view).pixels, splats, pairs)
        return [draw.save(path, sheet)]

    return drawn, notes


def _feature_pairs(scene: Scene, extractor: Extractor, cache: Cache | None, job: Job) -> Pairs:
    uplifted, sight = pipeline.compared_features(scene, extractor, cache=cache, job=job)
    palette = Palette.of(uplifted)

    def pairs(view: View) -> list[feature_sheet.Pair]:
        return [
            feature_sheet.features(
                *(extractor.name, sight(view).feature_map, uplifted),
                *(scene.gaussians, view.camera),
                palette=palette,
                raster=scene.raster,
                job=job,
            )
        ]

    return pairs


def _relevancy_pairs(
    scene: Scene, encoder: TextExtractor, texts: Sequence[str], cache: Cache | None, job: Job
) -> tuple[Pairs, list[str]]:
    recipe = pipeline.Recipe(components=0)
    lifted, sight = pipeline.compared_features(scene, encoder, recipe=recipe, cache=cache, job=job)
    job.report(FIND_WORDS, 0, 1)
    positives, negatives = (text.encode(encoder, words) for words in (texts, text.NEGATIVES))
    scores = text.relevancy(lifted.features, positives, negatives)
    found = text.detect(encoder, lifted.features, texts)
    notes = [f"{encoder.name} compared these words with the photos: {', '.join(texts)}."]
    missing = [word for word, finding in zip(texts, found, strict=True) if not finding.found]
    if missing:
        named = ", ".join(f'"{word}"' for word in missing)
        notes.append(f"Not found in this scene: {named}. Relevancy always has a maximum.")

    def pairs(view: View) -> list[feature_sheet.Pair]:
        cells = sight(view).feature_map
        flat = text.relevancy(cells.reshape(len(cells), -1).T, positives, negatives)
        return [
            feature_sheet.relevancy(
                *(f'"{word}"', flat[:, p].reshape(cells.shape[1:]), scores[:, p]),
                *(scene.gaussians, view.camera),
                raster=scene.raster,
                job=job,
            )
            for p, word in enumerate(texts)
        ]

    return pairs, notes


def text_model(extractors: Sequence[Extractor], models: Models) -> TextExtractor:
    """The first of the extractors that texts can be compared with, or the best such one here."""
    return next(
        (one for one in extractors if isinstance(one, TextExtractor)), None
    ) or models.words("auto")
