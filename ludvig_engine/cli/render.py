"""`ludvig render`: draw a scene, its scores, selection or features, or how prompts spread in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

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
from . import prompts
from .arguments import Folder
from .common import (
    EXTRACTORS,
    AsJson,
    Download,
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
    features = "features"
    diffusion = "diffusion"


# The options that only pictures of one kind take.
_ONLY = {
    "click": What.diffusion,
    "scribble": What.diffusion,
    "mask": What.diffusion,
    "text": What.features,
}


def command(
    splats: Splats,
    view: Annotated[str, typer.Option(help='The name of a view, or "all"')],
    what: Annotated[
        What,
        typer.Option(
            help="rgb: colors; scores, relevancy (of words): a heat map; selected: a 0/255 mask; "
            "pca: features as colors; features: 2-D features of the photo beside the 3-D ones that "
            "were lifted from them; diffusion: how prompts spread in the scene, as a strip and a "
            "film"
        ),
    ],
    out: Annotated[Path, typer.Option(help="Write the pictures to this folder"), Folder()],
    views: Views = None,
    scores: Annotated[
        Path | None, typer.Option(help="The result file of `ludvig segment` to draw")
    ] = None,
    extractor: Annotated[
        list[str] | None,
        typer.Option(
            help=f"{EXTRACTORS}, which is the default. With --what features several, which are "
            "drawn side by side"
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(help="With --what features: also draw where these words fit"),
    ] = None,
    click: prompts.Clicks = None,
    scribble: prompts.Scribbles = None,
    mask: prompts.Masks = None,
    mask_value: prompts.MaskValue = None,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Write one PNG per view, of the size of its photo.

    Without --views, the views are planned from the splats: `--view all --what rgb` shows them all.

    --what features writes a sheet per view: photo, 2-D features, and the 3-D features rendered
    back, in the same colors. --what diffusion takes --click, --scribble or --mask and writes a
    strip of pictures and a GIF per view: the steps of the paper's diffusion, for the object and,
    if there are negative prompts, for what is not the object.
    """
    given = {"click": click, "scribble": scribble, "mask": mask}
    extractors = extractor or ["auto"]
    _check(what, {**given, "text": text}, extractors)
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    chosen = list(scene.views) if view == "all" else [scene.view(view)]
    told: list[str] = []
    if what is What.features:
        chosen, told = _pictured(chosen)
    targets = _targets(scene, chosen, out, what)
    placed = prompts.read_all(scene, given, mask_value=mask_value)
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from . import method_pictures
    from .learned import Models

    written: list[Path] = []
    total = sum(map(len, targets))
    with bars(json, lambda: f"Written to {out}: {len(written)} of {total} pictures.") as job:
        kept, models = cache(no_cache), Models(download, job)
        if what is What.features:
            used = [models.features(spec) for spec in extractors]
            encoder = method_pictures.text_model(used, models) if text else None
            draw, more = method_pictures.features(scene, used, text or (), encoder, kept, job)
        elif what is What.diffusion:
            features = models.features(extractors[0])
            draw, more = method_pictures.diffusion(scene, features, placed, kept, job)
        else:
            values: Array | None = None
            if what is What.pca:
                values = method_pictures.pca(scene, models.features(extractors[0]), kept, job)
            elif what is not What.rgb:
                values = _result_values(scene, scores, what)
            draw, more = partial(_draw, scene, what, values, job), []
        for one, files in job.track(list(zip(chosen, targets, strict=True)), RENDER):
            written += draw(one, files[0])
    told = [*scene.notes, *told, *more]
    if json:
        print_json({"written": written, "notes": told})
    else:
        report(f"Wrote {plural(len(written), 'picture')} to {out}.")
        notes(told)


def _check(
    what: What, given: Mapping[str, Sequence[str] | None], extractors: Sequence[str]
) -> None:
    """Raise `EngineError` "bad_input" for options that these pictures do not take, or lack."""
    for name, values in given.items():
        if values and what is not _ONLY[name]:
            raise EngineError(
                "bad_input",
                f"--what {what} takes no --{name}.",
                [f"Leave it out, or draw --what {_ONLY[name]}."],
            )
    if len(extractors) > 1 and what is not What.features:
        raise EngineError(
            "bad_input",
            f"--what {what} draws one --extractor, but {len(extractors)} are given.",
            ["Give one, or draw --what features."],
        )
    if what is What.diffusion and not any(given.values()):
        raise EngineError(
            "bad_input",
            "There is no prompt to spread.",
            ["Add --click, --scribble or --mask; `ludvig segment --help` explains them."],
        )


def _pictured(chosen: list[View]) -> tuple[list[View], list[str]]:
    """The views that have a photo or a render in its place, and a note on others.

    Raises `EngineError` "not_found" if there is none.
    """
    found = [view for view in chosen if view.pictured]
    if not found:
        raise EngineError(
            "not_found",
            f"The photo {chosen[0].name} is missing, so there are no 2-D features of it.",
            ["Choose another --view, or give the photos' folder with --photos."],
        )
    left = len(chosen) - len(found)
    return found, [f"{plural(left, 'view')} without photo left out."] if left else []


def _targets(scene: Scene, chosen: list[View], out: Path, what: What) -> list[list[Path]]:
    """The files of each chosen view, which are the same whichever other views are chosen.

    The first is a PNG; a diffusion has a film beside it. Raises `EngineError` "bad_input" if one
    cannot be written or is one of the scene's photos.
    """
    names = file_names([view.name for view in scene.views], ".png")
    by_view = {id(view): out / name for view, name in zip(scene.views, names, strict=True)}
    pngs = [by_view[id(view)] for view in chosen]
    endings = (".png", ".gif") if what is What.diffusion else (".png",)
    targets = [[png.with_suffix(ending) for ending in endings] for png in pngs]
    there = [target for files in targets for target in files if target.parent.is_dir()]
    check_files(there, inputs=[view.photo for view in scene.views if view.photo])
    for folder in {png.parent for png in pngs}:
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


def _draw(
    scene: Scene, what: What, values: Array | None, job: Job, view: View, path: Path
) -> list[Path]:
    """Write the picture of one view: in colors, or for `selected` a mask."""
    from ..pictures import draw  # local as in `command`

    gaussians, camera = scene.gaussians, view.camera
    shared: dict[str, Any] = {"raster": scene.raster, "job": job}
    if values is None:
        image = to_photo(view, draw.rgb(gaussians, camera, **shared))
    elif what is What.pca:
        image = to_photo(view, draw.over_gray(gaussians, camera, values, **shared))
    else:
        image = to_photo(view, draw.share(gaussians, camera, values, **shared))
        image = image > 0.5 if what is What.selected else draw.heat(image)
    return [draw.save(path, image)]
