"""`ludvig uplift`: the features of every splat, for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .. import __version__, result
from ..features import load_extractor
from ..io.load import load_scene
from ..pipeline import Recipe, lifted_features
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


def command(
    splats: Splats,
    views: NeededViews,
    out: Annotated[Path, typer.Option(help="The features, .safetensors, in the file's order")],
    extractor: Extractor = "colour",
    components: Annotated[int, typer.Option(help="Channels kept by PCA", min=1)] = 40,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = 0.2,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Lift the photos' features: `features` (N, D), with `weights` and `views` (N), the evidence behind them."""
    loaded = load_extractor(extractor, device="auto")
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size)
    recipe = Recipe(components=components, refine=refine, raster=raster(near))
    with bars(json) as job:
        found = lifted_features(scene, loaded, recipe=recipe, cache=cache(no_cache), job=job)
    arrays = {"features": found.features, "weights": found.weights, "views": found.views}
    about = {"ludvig": __version__, "splats": str(splats), "extractor": loaded.name, "refine": refine}
    result.write(out, {name: scene.to_file(array) for name, array in arrays.items()}, about)
    seen = int(found.seen.sum())
    if json:
        print_json({**about, "gaussians": scene.file_count, "dim": found.features.shape[1], "seen": seen, "out": out})
        return
    console.print(f"{found.features.shape[1]} channels of {loaded.name} for {scene.file_count:,} Gaussians: {out}")
    console.print(f"  {seen:,} are seen by a photo, by {np.median(found.views[found.seen]):.1f} of them (median)")
    notes(scene.notes)
