"""`ludvig render`: draw a scene, its scores or its selection as seen by the cameras."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..arrays import Array, Float
from ..errors import EngineError
from ..io import result
from ..io.load import load_scene
from ..io.photos import to_photo
from ..pictures import draw
from ..pictures.fitted import fitted
from ..pipeline import lifted_features
from ..progress import Job
from ..scene import Scene, View
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
)
from .learned import Models


class What(StrEnum):
    """What the pictures show."""

    rgb = "rgb"
    scores = "scores"
    selected = "selected"
    relevancy = "relevancy"
    pca = "pca"


def command(
    splats: Splats,
    views: NeededViews,
    view: Annotated[str, typer.Option(help='The name of a view, or "all"')],
    what: Annotated[
        What,
        typer.Option(
            help="rgb: colors; scores, relevancy (of words): a heat map; selected: a 0/255 mask; "
            "pca: features as colors"
        ),
    ],
    out: Annotated[Path, typer.Option(help="Write one PNG per view to this folder")],
    scores: Annotated[
        Path | None, typer.Option(help="The result file of `ludvig segment` to draw")
    ] = None,
    extractor: Extractor = "auto",
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Write one PNG per view, of the size of its photo."""
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=False)
    with bars(json) as job:
        scene = fitted(scene, near=near, job=job)
    chosen = list(scene.views) if view == "all" else [scene.view(view)]
    values: Array | None = None
    with bars(json) as job:
        if what is What.pca:
            loaded = Models(download, job).features(extractor)
            kept = cache(no_cache)
            values = draw.pca_colors(lifted_features(scene, loaded, cache=kept, job=job))
        elif what is not What.rgb:
            values = _result_values(scene, scores, what)
        written = []
        for one in job.track(chosen, RENDER):
            image = _picture(scene, one, what, values, job)
            written.append(draw.save(out / f"{Path(one.name).with_suffix('')}.png", image))
    if json:
        print_json({"written": written})
    else:
        console.print(f"Wrote {len(written)} picture{'s' * (len(written) > 1)} to {out}.")
        notes(scene.notes)


def _result_values(scene: Scene, scores: Path | None, what: What) -> Float[Array, " N"]:
    """The array `what` of a result file, in the engine's order, and its maximum over texts."""
    if scores is None:
        raise EngineError(
            "bad_input",
            f"--what {what} needs a result file, but there is no --scores.",
            ["Add --scores RESULT.safetensors, which `ludvig segment` writes."],
        )
    arrays, _ = result.read_result(scores, what)
    values = scene.from_file(arrays[what]).astype(np.float32)
    return values.max(1) if values.ndim == 2 else values


def _picture(scene: Scene, view: View, what: What, values: Array | None, job: Job) -> Array:
    """The picture of one view: (H, W, 3) in 0..1, or for `selected` a boolean mask (H, W)."""
    gaussians, camera = scene.gaussians, view.camera
    raster = scene.raster
    if values is None:
        return to_photo(view, draw.rgb(gaussians, camera, raster=raster, job=job))
    if what is What.pca:
        return to_photo(view, draw.over_gray(gaussians, camera, values, raster=raster, job=job))
    image = to_photo(view, draw.share(gaussians, camera, values, raster=raster, job=job))
    return image > 0.5 if what is What.selected else draw.heat(image)
