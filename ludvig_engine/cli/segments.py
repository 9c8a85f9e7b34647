"""`ludvig segments`: all segments of a scene at once, without prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
        typer.Option(help="Write the segments to this .safetensors, in file order"),
        File((".safetensors",)),
    ],
    views: Views = None,
    granularity: Annotated[
        float,
        typer.Option(help="0: few large segments, 0.5: things, 1: many small parts", min=0, max=1),
    ] = 0.5,
    extractor: Extractor = "auto",
    sam: Annotated[
        str | None,
        typer.Option(help="Let sam2, sam, sam3 or sam-pth segment everything in 8 photos first"),
    ] = None,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Divide the whole scene into segments, without prompts.

    `labels` (N) has the segment of each splat, 0 the largest and -1 none. `leaves`, `merges` and
    `levels` hold the segments of every granularity: node S + m of S leaves is the result of merge
    m, which holds at a granularity of at most its level.
    """
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..pipeline import prepare
    from ..sam.dividing import divided
    from .learned import Models

    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        prepared = prepare(scene, models.features(extractor), cache=cache(no_cache), job=job)
        found = divided(prepared, models.segmenter(sam) if sam else None, job=job)
    labels, count = found.cut(granularity)
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": models.name,
        "licence": models.licence,
        "sam": sam,
        "granularity": granularity,
        "segments": count,
    }
    per_splat = {"labels": labels, "leaves": found.leaves}
    arrays = {name: scene.to_file(values + 1) - 1 for name, values in per_splat.items()}
    result.write(out, {**arrays, "merges": found.merges, "levels": found.levels}, about)
    if json:
        print_json({**about, "out": out})
        return
    report(f"{plural(count, 'segment')} of {plural(scene.file_count, 'splat')}: {out}")
    notes(scene.notes)
