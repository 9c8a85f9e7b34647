"""`ludvig segment`: from prompts on photos to selected splats."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from .. import __version__, prompts, result
from ..arrays import Array
from ..configs import CONFIGS, Foreground, Masks, Words, config
from ..errors import EngineError
from ..features import load_extractor
from ..find import Spread
from ..io.load import load_scene
from ..io.ply import copy_ply
from ..pipeline import Recipe, prepare
from ..prompts import Paint
from ..sam import load_segmenter
from ..scene import Scene
from ..segment import Options, segment
from . import masks, words
from .common import (
    AsJson,
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
from .paper import foreground

_NUMBER = r"-?\d+(?:\.\d+)?"
_CLICK = re.compile(rf"(?P<view>.+):(?P<x>{_NUMBER}),(?P<y>{_NUMBER})(?::(?P<sign>[+-]))?")
_BOX = re.compile(rf"(?P<view>.+):(?P<corners>{_NUMBER}(?:,{_NUMBER}){{3}})")


def command(
    splats: Splats,
    views: NeededViews,
    out: Annotated[Path, typer.Option(help="The result, .safetensors: scores (N) and selected (N), file order")],
    click: Annotated[list[str] | None, typer.Option(help="VIEW:X,Y[:+|-] in pixels of the photo file")] = None,
    scribble: Annotated[
        list[str] | None, typer.Option(help="VIEW=PNG: green or white on the object, red beside")
    ] = None,
    mask: Annotated[list[str] | None, typer.Option(help="VIEW=PNG: the object white, all else black")] = None,
    box: Annotated[list[str] | None, typer.Option(help="VIEW:X0,Y0,X1,Y1 around the object")] = None,
    text: Annotated[list[str] | None, typer.Option(help="Words for the object, instead of the above")] = None,
    negative: Annotated[
        list[str] | None, typer.Option(help="Words for what is not meant [object, things, stuff, texture]")
    ] = None,
    text_model: Annotated[str, typer.Option(help="Who understands words: auto, clip, tips, siglip, conse")] = "",
    sam: Annotated[
        str | None, typer.Option(help="First let sam2, sam, sam3 or sam-pth make masks of clicks and boxes")
    ] = None,
    sam_views: Annotated[
        bool, typer.Option("--sam-views", help="Let it segment every photo, without features")
    ] = False,
    paper: Annotated[
        str | None, typer.Option("--config", help=f"An experiment of LUDVIG's paper: {', '.join(CONFIGS)}")
    ] = None,
    extractor: Extractor = "",
    diffusion: Annotated[bool, typer.Option("--diffusion/--no-diffusion", help="Spread along the graph")] = True,
    threshold: Annotated[float | None, typer.Option(help="0..1; default: found by agreement", min=0, max=1)] = None,
    keep: Annotated[Path | None, typer.Option(help="Also write the selected splats to this .ply")] = None,
    remove: Annotated[Path | None, typer.Option(help="Also write the scene without them to this .ply")] = None,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Find the object that clicks, scribbles, masks or boxes mean, in one photo or several."""
    published = config(paper) if paper else None
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size)
    clicks = [_click(scene, text) for text in click or ()]
    boxes = [_box(scene, text) for text in box or ()]
    segmenter = load_segmenter(sam or "sam2", device="auto") if sam or sam_views else None
    paints = [
        *(masks.of_prompts(segmenter, clicks, boxes) if segmenter else _drawn(clicks, boxes)),
        *(_painted(scene, text, prompts.photo_scribble, "--scribble") for text in scribble or ()),
        *(_painted(scene, text, prompts.photo_mask, "--mask") for text in mask or ()),
    ]
    if text and segmenter:
        raise EngineError("bad_input", "SAM needs clicks or boxes, not words.", ["Leave out --sam, or --text."])
    if bool(paints) == bool(text):
        problem = "Words cannot be combined with clicks or paint." if text else "There is no prompt."
        raise EngineError("bad_input", problem, ["Give --click, --scribble, --mask or --box, or else --text."])
    if isinstance(published, Words) != bool(text) and published:
        raise EngineError("bad_input", f"{paper} takes {'a mask' if text else '--text'}.", ["Give that instead."])
    settings = Recipe(refine=refine, raster=raster(near))
    kept = cache(no_cache)
    spread = Spread(diffusion=diffusion, threshold=threshold)
    if isinstance(published, Words):
        settings, spread = replace(published.recipe, raster=settings.raster), published.spread
        extractor, text_model = extractor or published.extractor, text_model or published.text
    shared: dict[str, Any] = {"raster": settings.raster}
    with bars(json) as job:
        shared["job"] = job
        more: dict[str, Array] = {}
        models = [segmenter.name] if segmenter else []
        if segmenter and sam_views:
            found = masks.all_photos(scene, segmenter, paints, **shared)
        elif isinstance(published, Foreground | Masks):
            found, name = foreground(scene, published, paints, extractor=extractor, cache=kept, **shared)
            models.append(name)
        else:
            loaded = load_extractor(extractor or "colour", device="auto")
            prepared = prepare(scene, loaded, recipe=settings, cache=kept, job=job)
            models.append(prepared.extractor)
            if text:
                asked: dict[str, Any] = {"negatives": negative, "model": text_model or "auto", "spread": spread}
                found, more = words.find(scene, prepared, text, cache=kept, **asked, **shared)
            else:
                options = Options(diffusion=diffusion, threshold=threshold)
                found = segment(prepared, paints, options=options, **shared)
    if threshold is not None:
        found = replace(found, threshold=threshold, how="given")
    ran = " and ".join(models)
    scores, selected = scene.to_file(found.scores), scene.to_file(found.selected)
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": ran,
        "config": paper,
        "threshold": found.threshold,
        "prompts": {"click": click, "scribble": scribble, "mask": mask, "box": box, "text": text, "negative": negative},
        "parameters": found.parameters,
        "evidence": found.evidence,
    }
    arrays = {name: scene.to_file(array) for name, array in more.items()}
    result.write(out, {"scores": scores.astype(np.float32), "selected": selected, **arrays}, about)
    for path, rows in ((keep, selected), (remove, ~selected)):
        if path is not None:
            copy_ply(splats, path, rows)
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
    console.print(f"Selected {selected.sum():,} of {len(selected):,} Gaussians ({share:.1%}) with {ran}.")
    console.print(f"  threshold {found.threshold:.2f}, {found.how}")
    console.print(f"  {out}" + "".join(f", {path}" for path in (keep, remove) if path))
    notes((*scene.notes, *found.notes))


def _click(scene: Scene, text: str) -> masks.Click:
    parts = _CLICK.fullmatch(text)
    if not parts:
        raise EngineError(
            "bad_input", f'"--click {text}" is not VIEW:X,Y[:+|-].', ["For example: --click IMG_1.jpg:310,222"]
        )
    return scene.view(parts["view"]), float(parts["x"]), float(parts["y"]), parts["sign"] != "-"


def _box(scene: Scene, text: str) -> masks.Box:
    parts = _BOX.fullmatch(text)
    if not parts:
        raise EngineError(
            "bad_input", f'"--box {text}" is not VIEW:X0,Y0,X1,Y1.', ["For example: --box IMG_1.jpg:80,60,400,310"]
        )
    x0, y0, x1, y1 = map(float, parts["corners"].split(","))
    return scene.view(parts["view"]), x0, y0, x1, y1


def _drawn(clicks: list[masks.Click], boxes: list[masks.Box]) -> list[Paint]:
    dots = [prompts.photo_click(view, x, y, positive=positive) for view, x, y, positive in clicks]
    return dots + [prompts.photo_box(*box) for box in boxes]


def _painted(scene: Scene, text: str, read, option: str) -> Paint:  # type: ignore[no-untyped-def]
    view, separator, path = text.partition("=")
    if not separator:
        raise EngineError(
            "bad_input", f'"{option} {text}" is not VIEW=PNG.', [f"For example: {option} IMG_1.jpg=paint.png"]
        )
    return read(scene.view(view), path)
