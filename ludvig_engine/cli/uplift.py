"""`ludvig uplift`: write the features of every splat to a file, for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .. import __version__
from ..errors import plural
from ..io import result
from .arguments import File
from .common import (
    AsJson,
    Download,
    Extractor,
    MaxSize,
    Near,
    NoCache,
    Photos,
    Refine,
    Splats,
    Views,
    bars,
    cache,
    cached,
    notes,
    print_json,
    report,
)
from .scenes import loaded


def command(
    splats: Splats,
    out: Annotated[
        Path,
        typer.Option(help="Write the features to this .safetensors, in file order"),
        File((".safetensors",)),
    ],
    views: Views = None,
    extractor: Extractor = "auto",
    components: Annotated[int, typer.Option(help="Number of channels that PCA keeps", min=1)] = 40,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Lift the features of the photos to the splats: `features` (N, D), float32.

    `weights` (N) is the sum of the blending weights, and `views` (N) is the effective number of
    photos behind a feature.
    """
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..pipeline import Recipe, lifted_features
    from .learned import Models

    recipe = Recipe(components=components, refine=refine)
    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        used = models.features(extractor)
        found = lifted_features(scene, used, recipe=recipe, cache=cache(no_cache), job=job)
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
    seen, dim = int(found.seen.sum()), found.features.shape[1]
    if json:
        counts = {"gaussians": scene.file_count, "dim": dim, "seen": seen}
        print_json({**about, **counts, "out": out})
        return
    channels, count = plural(dim, "channel"), plural(scene.file_count, "Gaussian")
    report(f"{channels} of {used.name} for {count}: {out}")
    median = np.median(found.views[found.seen]) if seen else 0
    report(f"  seen by at least one photo: {seen:,}; the median is {median:.1f} photos")
    notes(scene.notes)
