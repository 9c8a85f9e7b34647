"""`ludvig render`: pictures of a scene, of scores and selections, seen by its cameras."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..errors import EngineError
from ..io import result
from ..io.load import load_scene
from ..io.photos import to_photo
from ..pictures import draw
from ..pipeline import Recipe, lifted_features
from ..stages import RENDER
from .common import (
    AsJson,
    Download,
    Extractor,
    MaxSize,
    Near,
    NeededViews,
    NoCache,
    Photos,
    Splats,
    bars,
    cache,
    console,
    notes,
    print_json,
    raster,
)
from .learned import Models


class What(StrEnum):
    """What can be seen."""

    rgb = "rgb"
    scores = "scores"
    selected = "selected"
    relevancy = "relevancy"
    pca = "pca"


def command(
    splats: Splats,
    views: NeededViews,
    view: Annotated[str, typer.Option(help='A view\'s name, or "all"')],
    what: Annotated[
        What,
        typer.Option(
            help="Colors, scores or relevancy of words as a heat map, the 0/255 mask, or features"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder for the PNGs, one per view")],
    scores: Annotated[Path | None, typer.Option(help="A result of `ludvig segment`")] = None,
    extractor: Extractor = "auto",
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Write a PNG per view. `selected` is a 0/255 mask of the photo's size."""
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=False)
    chosen = list(scene.views) if view == "all" else [scene.view(view)]
    settings = raster(near)
    with bars(json) as job:
        if what in (What.scores, What.selected, What.relevancy):
            if scores is None:
                raise EngineError(
                    "bad_input",
                    f"--what {what} needs a result.",
                    ["Add: --scores RESULT.safetensors."],
                )
            arrays, _ = result.read(scores, what)
            values = scene.from_file(arrays[what]).astype(np.float32)
            values = values.max(1) if values.ndim == 2 else values  # of several texts
        elif what is What.pca:
            recipe = Recipe(raster=settings)
            loaded = Models(download, job).features(extractor)
            values = draw.pca_colours(
                lifted_features(scene, loaded, recipe=recipe, cache=cache(no_cache), job=job)
            )
        written = []
        for one in job.track(chosen, RENDER):
            if what is What.rgb:
                image = draw.rgb(scene.gaussians, one.camera, raster=settings, job=job)
            elif what is What.pca:
                image = draw.over_gray(
                    scene.gaussians, one.camera, values, raster=settings, job=job
                )
            else:
                image = draw.share(scene.gaussians, one.camera, values, raster=settings, job=job)
            image = to_photo(one, image)
            if what is What.selected:
                image = image > 0.5
            elif what in (What.scores, What.relevancy):
                image = draw.heat(image)
            written.append(draw.save(out / f"{Path(one.name).with_suffix('')}.png", image))
    if json:
        print_json({"written": written})
    else:
        console.print(f"Wrote {len(written)} picture{'s' * (len(written) > 1)} to {out}.")
        notes(scene.notes)
