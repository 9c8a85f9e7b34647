"""`ludvig remove`: an object taken out of a scene, without a rim, a residue or a hole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ..arrays import Array, Bool
from ..errors import EngineError, plural
from ..io import result
from ..io.formats import writer
from ..io.splats import read_splats
from ..scene import Gaussians, Scene
from . import prompts
from .arguments import File
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
    cached,
    notes,
    print_json,
    report,
)
from .scenes import loaded
from .segment_options import Threshold


def command(
    splats: Splats,
    out: Annotated[
        Path,
        typer.Option(help="Write the splats without the object to this .ply"),
        File(splats=True),
    ],
    views: Views = None,
    scores: Annotated[
        Path | None, typer.Option(help="The result file of `ludvig segment` instead of prompts")
    ] = None,
    click: prompts.Clicks = None,
    scribble: prompts.Scribbles = None,
    mask: prompts.Masks = None,
    mask_value: prompts.MaskValue = None,
    box: prompts.Boxes = None,
    text: prompts.Texts = None,
    threshold: Threshold = None,
    boundary: Annotated[
        bool,
        typer.Option(
            "--boundary/--no-boundary", help="Cut splats that lie across the object's border"
        ),
    ] = True,
    residue: Annotated[
        bool,
        typer.Option(
            "--residue/--no-residue", help="Also remove what only drew the object's edge and inside"
        ),
    ] = True,
    fill: Annotated[
        bool,
        typer.Option("--fill/--no-fill", help="Continue surfaces into the hole behind the object"),
    ] = True,
    extractor: Extractor = "",
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Remove an object, and continue the surfaces behind it.

    The object is what prompts mean, as in `ludvig segment`, or what a result file has selected.
    """
    given = {"click": click, "scribble": scribble, "mask": mask, "box": box, "text": text}
    if (scores is None) == (not any(given.values())):
        raise EngineError(
            "bad_input",
            "The object is given by prompts and by a result file."
            if scores
            else "There is no object to remove.",
            [f"Give one or more of {prompts.options()}, or --scores RESULT.safetensors alone."],
        )
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..removal import remove
    from ..segmentation.segment import Options
    from ..words.find import Spread
    from .learned import Models
    from .segmenting import Asked, check, compute

    told: tuple[str, ...] = ()
    with bars(json, cached(no_cache)) as job:
        if scores is not None:
            selected = scene.from_file(_selected(scores))
        else:
            placed = prompts.read_all(scene, given, mask_value=mask_value)
            asked = Asked(
                texts=tuple(text or ()),
                extractor=extractor,
                options=Options(threshold=threshold),
                spread=Spread(threshold=threshold),
            )
            check(None, asked, placed)
            found, _ = compute(scene, asked, placed, Models(download, job), cache(no_cache), job)
            selected = found.selected if threshold is None else found.scores > threshold
            told = found.notes
        if not selected.any():
            raise EngineError(
                "bad_input",
                f"No splat is selected, so {out} was not written.",
                ["Choose another --threshold, or other prompts."],
            )
        clean = remove(scene, selected, boundary=boundary, residue=residue, fill=fill, job=job)
    made = int((clean.source < 0).sum())
    _write(out, splats, scene, clean.gaussians, clean.source)
    gone = len(scene) - len(np.unique(clean.source[clean.source >= 0]))
    told = (*scene.notes, *told, *clean.notes)
    if json:
        counts = {"gaussians": len(clean.gaussians), "removed": gone, "filled": made}
        print_json({"splats": str(splats), **counts, "out": out, "notes": told})
        return
    report(f"Removed {plural(gone, 'Gaussian')} of {len(scene):,}, and made {made:,} anew.")
    report(f"  {out}")
    notes(told)


def _selected(scores: Path) -> Bool[Array, " F"]:
    """The array `selected` of a result file; of several texts, what any of them selects."""
    values = result.read_values(scores, "selected")
    return np.asarray(values.reshape(len(values), -1).any(1))


def _write(out: Path, splats: Path, scene: Scene, gaussians: Gaussians, source: Array) -> None:
    """Write in the file's order, with all properties of the source; new ones last, with 0."""
    rows = np.where(source < 0, scene.file_count, scene.rows[source])
    order = np.argsort(rows, kind="stable")
    extras = {
        name: np.append(column, np.zeros(1, column.dtype))[rows[order]]
        for name, column in read_splats(splats).extras.items()
    }
    writer(out)(out, gaussians.take(order), extras=extras)
