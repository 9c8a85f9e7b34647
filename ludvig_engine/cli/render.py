"""`ludvig render`: draw a scene, its scores or its selection as seen by the cameras."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..arrays import Array, Float
from ..errors import EngineError, plural
from ..io import result
from ..io.file_names import file_names
from ..io.photos import to_photo
from ..io.targets import check_files, check_folder
from ..progress import Job
from ..scene import Scene, View
from ..stages import RENDER
from .arguments import Folder
from .common import (
    AsJson,
    Download,
    Extractor,
    MaxSize,
    Near,
    NoCache,
    Photos,
    Splats,
    Views,
    bars,
    cache,
    notes,
    print_json,
    report,
)
from .scenes import loaded


class What(StrEnum):
    """What the pictures show."""

    rgb = "rgb"
    scores = "scores"
    selected = "selected"
    relevancy = "relevancy"
    pca = "pca"


def command(
    splats: Splats,
    view: Annotated[str, typer.Option(help='The name of a view, or "all"')],
    what: Annotated[
        What,
        typer.Option(
            help="rgb: colors; scores, relevancy (of words): a heat map; selected: a 0/255 mask; "
            "pca: features as colors"
        ),
    ],
    out: Annotated[Path, typer.Option(help="Write one PNG per view to this folder"), Folder()],
    views: Views = None,
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
    """Write one PNG per view, of the size of its photo.

    Without --views, the views are planned from the splats: `--view all --what rgb` shows them all.
    """
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..pictures import draw
    from ..pipeline import lifted_features
    from .learned import Models

    chosen = list(scene.views) if view == "all" else [scene.view(view)]
    values: Array | None = None
    targets = _targets(scene, chosen, out)
    written: list[Path] = []
    with bars(json, lambda: f"Written to {out}: {len(written)} of {len(chosen)} pictures.") as job:
        if what is What.pca:
            used = Models(download, job).features(extractor)
            kept = cache(no_cache)
            values = draw.pca_colors(lifted_features(scene, used, cache=kept, job=job))
        elif what is not What.rgb:
            values = _result_values(scene, scores, what)
        for one, target in job.track(list(zip(chosen, targets, strict=True)), RENDER):
            image = _picture(scene, one, what, values, job)
            written.append(draw.save(target, image))
    if json:
        print_json({"written": written, "notes": scene.notes})
    else:
        report(f"Wrote {plural(len(written), 'picture')} to {out}.")
        notes(scene.notes)


def _targets(scene: Scene, chosen: list[View], out: Path) -> list[Path]:
    """The file of each chosen view, which is the same whichever other views are chosen.

    Raises `EngineError` "bad_input" if one cannot be written or is one of the scene's photos.
    """
    names = file_names([view.name for view in scene.views], ".png")
    by_view = {id(view): out / name for view, name in zip(scene.views, names, strict=True)}
    targets = [by_view[id(view)] for view in chosen]
    there = [target for target in targets if target.parent.is_dir()]
    check_files(there, inputs=[view.photo for view in scene.views if view.photo])
    for folder in {target.parent for target in targets}:
        check_folder(folder)
    return targets


def _result_values(scene: Scene, scores: Path | None, what: What) -> Float[Array, " N"]:
    """The array `what` of a result file, in the engine's order, and its maximum over texts."""
    if scores is None:
        raise EngineError(
            "bad_input",
            f"--what {what} needs a result file, but there is no --scores.",
            ["Add --scores RESULT.safetensors, which `ludvig segment` writes."],
        )
    values = scene.from_file(result.read_values(scores, what))
    return values.max(1) if values.ndim == 2 else values


def _picture(scene: Scene, view: View, what: What, values: Array | None, job: Job) -> Array:
    """The picture of one view: (H, W, 3) in 0..1, or for `selected` a boolean mask (H, W)."""
    from ..pictures import draw  # local as in `command`

    gaussians, camera = scene.gaussians, view.camera
    raster = scene.raster
    if values is None:
        return to_photo(view, draw.rgb(gaussians, camera, raster=raster, job=job))
    if what is What.pca:
        return to_photo(view, draw.over_gray(gaussians, camera, values, raster=raster, job=job))
    image = to_photo(view, draw.share(gaussians, camera, values, raster=raster, job=job))
    return image > 0.5 if what is What.selected else draw.heat(image)
