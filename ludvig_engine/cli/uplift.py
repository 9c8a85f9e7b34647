"""`ludvig uplift`: the features of every splat, for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .. import __version__
from ..io import result
from ..io.load import load_scene
from ..pipeline import Recipe, lifted_features
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


def command(
    splats: Splats,
    views: NeededViews,
    out: Annotated[Path, typer.Option(help="The features, .safetensors, in the file's order")],
    extractor: Extractor = "auto",
    components: Annotated[int, typer.Option(help="Channels kept by PCA", min=1)] = 40,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Lift the photos' features: `features` (N, D), with `weights` and `views` (N), the evidence behind them."""
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size)
    recipe = Recipe(components=components, refine=refine, raster=raster(near))
    with bars(json) as job:
        models = Models(download, job)
        loaded = models.features(extractor)
        found = lifted_features(scene, loaded, recipe=recipe, cache=cache(no_cache), job=job)
    arrays = {"features": found.features, "weights": found.weights, "views": found.views}
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": models.name,
        "licence": models.licence,
        "refine": refine,
        "components": components,
    }
    result.write(out, {name: scene.to_file(array) for name, array in arrays.items()}, about)
    seen = int(found.seen.sum())
    if json:
        print_json(
            {
                **about,
                "gaussians": scene.file_count,
                "dim": found.features.shape[1],
                "seen": seen,
                "out": out,
            }
        )
        return
    console.print(
        f"{found.features.shape[1]} channels of {loaded.name} for {scene.file_count:,} Gaussians: {out}"
    )
    console.print(
        f"  {seen:,} are seen by a photo, by {np.median(found.views[found.seen]):.1f} of them (median)"
    )
    notes(scene.notes)
