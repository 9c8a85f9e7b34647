"""`ludvig segment`: from prompts on photos to selected splats."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from .. import __version__
from ..arrays import Array
from ..errors import EngineError
from ..io import result
from ..io.formats import row_copier
from ..io.load import load_scene
from ..paper.configs import CONFIGS, Experiment, Foreground, Masks, Words, config
from ..pipeline import Recipe, prepare
from ..segmentation.segment import Options, segment
from ..words.correct import corrected
from ..words.find import Spread, text_models
from . import masks, prompts, words
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
    console,
    notes,
    print_json,
    raster,
)
from .learned import Models
from .paper import foreground


def command(
    splats: Splats,
    views: NeededViews,
    out: Annotated[
        Path, typer.Option(help="The result, .safetensors: scores (N) and selected (N), file order")
    ],
    click: Annotated[list[str] | None, prompts.option("click")] = None,
    scribble: Annotated[list[str] | None, prompts.option("scribble")] = None,
    mask: Annotated[list[str] | None, prompts.option("mask")] = None,
    box: Annotated[list[str] | None, prompts.option("box")] = None,
    text: Annotated[list[str] | None, prompts.option("text")] = None,
    negative: Annotated[
        list[str] | None,
        typer.Option(help="Words for what is not meant [object, things, stuff, texture]"),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(help='Sentences to read words in, such as "a photo of a {}" [{}]'),
    ] = None,
    text_model: Annotated[
        str, typer.Option(help=f"Who understands words: auto, {text_models()}")
    ] = "",
    sam: Annotated[
        str | None,
        typer.Option(help="First let sam2, sam, sam3 or sam-pth make masks of clicks and boxes"),
    ] = None,
    sam_views: Annotated[
        bool, typer.Option("--sam-views", help="Let it segment every photo, without features")
    ] = False,
    paper: Annotated[
        str | None,
        typer.Option("--config", help=f"An experiment of LUDVIG's paper: {', '.join(CONFIGS)}"),
    ] = None,
    extractor: Extractor = "",
    diffusion: Annotated[
        bool, typer.Option("--diffusion/--no-diffusion", help="Spread along the graph")
    ] = True,
    threshold: Annotated[
        float | None, typer.Option(help="0..1; default: found by agreement", min=0, max=1)
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Also write the selected splats to this .ply")
    ] = None,
    remove: Annotated[
        Path | None, typer.Option(help="Also write the scene without them to this .ply")
    ] = None,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Find the object that clicks, scribbles, masks, boxes or words mean, in one photo or several."""
    published = config(paper) if paper else None
    targets = [path for path in (keep, remove) if path is not None]
    copy_rows: Any = row_copier(splats, *targets) if targets else None
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size)
    given = {"click": click, "scribble": scribble, "mask": mask, "box": box, "text": text}
    meant = prompts.read_all(scene, given)
    painted = prompts.paint(meant, pointing=False)
    _check(
        paper,
        published,
        words=bool(text),
        paint=any(meant.values()),
        sam=bool(sam),
        every=sam_views,
    )
    settings = Recipe(refine=refine, raster=raster(near))
    kept = cache(no_cache)
    spread = Spread(diffusion=diffusion, threshold=threshold)
    if isinstance(published, Words):
        settings, spread = replace(published.recipe, raster=settings.raster), published.spread
        extractor, text_model = extractor or published.extractor, text_model or published.text
    with bars(json) as job:
        models = Models(download, job)
        shared: dict[str, Any] = {"raster": settings.raster, "job": job}
        more: dict[str, Array] = {}
        segmenter = models.segmenter(sam or "sam2") if sam or sam_views else None
        paints = [
            *(
                masks.of_prompts(segmenter, meant["click"], meant["box"])
                if segmenter
                else prompts.paint(meant, pointing=True)
            ),
            *painted,
        ]
        if segmenter and sam_views:
            found = masks.all_photos(scene, segmenter, paints, **shared)
        elif isinstance(published, Foreground | Masks):
            found = foreground(
                scene, published, paints, extractor=extractor, models=models, cache=kept, **shared
            )
        else:
            prepared = prepare(
                scene, models.features(extractor or "auto"), recipe=settings, cache=kept, job=job
            )
            options = Options(diffusion=diffusion, threshold=threshold)
            if text:
                encoder = models.words(text_model or "auto")
                asked: dict[str, Any] = {
                    "negatives": negative,
                    "templates": template,
                    "encoder": encoder,
                    "spread": spread,
                }
                found, more = words.find(scene, prepared, text, cache=kept, **asked, **shared)
                if paints:
                    found = corrected(prepared, found, paints, options=options, **shared)
            else:
                found = segment(prepared, paints, options=options, **shared)
    if threshold is not None:
        found = replace(found, threshold=threshold, how="given")
    scores, selected = scene.to_file(found.scores), scene.to_file(found.selected)
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": models.name,
        "licence": models.licence,
        "config": paper,
        "threshold": found.threshold,
        "prompts": {
            **given,
            "negative": negative,
            "template": template,
        },
        "parameters": found.parameters,
        "evidence": found.evidence,
    }
    arrays = {name: scene.to_file(array) for name, array in more.items()}
    result.write(out, {"scores": scores.astype(np.float32), "selected": selected, **arrays}, about)
    for path, rows in ((keep, selected), (remove, ~selected)):
        if path is not None:
            copy_rows(splats, path, rows)
    if json:
        print_json(
            {
                **about,
                "gaussians": len(selected),
                "selected": int(selected.sum()),
                "out": out,
                "notes": scene.notes + found.notes,
            }
        )
        return
    share = selected.mean()
    console.print(
        f"Selected {selected.sum():,} of {len(selected):,} Gaussians ({share:.1%}) with {models.name}."
    )
    console.print(f"  threshold {found.threshold:.2f}, {found.how}")
    console.print(f"  {out}" + "".join(f", {path}" for path in (keep, remove) if path))
    notes((*scene.notes, *found.notes))


def _check(
    paper: str | None,
    published: Experiment | None,
    *,
    words: bool,
    paint: bool,
    sam: bool,
    every: bool,
) -> None:
    """Raises `EngineError` "bad_input" for prompts and options that do not belong together."""
    if not (words or paint):
        raise EngineError(
            "bad_input",
            "There is no prompt.",
            [f"Give {prompts.options()}, or several."],
        )
    if words and not paint and (sam or every):
        raise EngineError(
            "bad_input", "SAM needs clicks or boxes, not words.", ["Leave out --sam, or --text."]
        )
    if words and every:
        raise EngineError(
            "bad_input",
            "With --sam-views there are no features to find words with.",
            ["Use --sam."],
        )
    if published and (isinstance(published, Words) != words or (words and paint)):
        takes = "--text alone" if isinstance(published, Words) else "a mask"
        raise EngineError("bad_input", f"{paper} takes {takes}.", ["Give that instead."])
