"""`ludvig floaters`: find what is in the air and on no surface, and write the scene without it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from .. import __version__
from ..errors import EngineError, plural
from ..io import export as exporting
from ..io import result
from .arguments import File
from .common import (
    AsJson,
    MaxSize,
    Near,
    NoCache,
    Photos,
    Splats,
    Views,
    bars,
    cached,
    notes,
    print_json,
    report,
)
from .scenes import loaded


def command(
    splats: Splats,
    out: Annotated[
        Path, typer.Option(help="Write the splats that are left to this .ply"), File(splats=True)
    ],
    views: Views = None,
    strength: Annotated[
        float, typer.Option(help="0: choose none, 0.5: what is likely one, 1: all", min=0, max=1)
    ] = 0.5,
    scores: Annotated[
        Path | None,
        typer.Option(help="Also write the scores to this .safetensors"),
        File((".safetensors",)),
    ] = None,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Find splats that float in the air and belong to no surface, and write the others.

    It says how well the photos fit before and after. Without photos, floaters are found by their
    places alone.
    """
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws and lifts.
    from dataclasses import replace

    from ..pictures.check import check
    from ..removal.floaters import chosen, find_floaters

    with bars(json, cached(no_cache)) as job:
        found = find_floaters(scene, job=job)
        floating = chosen(found, strength)
        psnrs = {}
        if any(view.photo for view in scene.views) and not floating.all():
            left = replace(scene, gaussians=scene.gaussians.take(~floating))
            psnrs = {
                name: float(np.nanmean(check(one, job=job).psnr))
                for name, one in (("before", scene), ("after", left))
            }
    gone = scene.to_file(floating)
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "strength": strength,
        "floaters": int(gone.sum()),
        "psnr": psnrs,
    }
    if scores is not None:
        result.write(scores, {"scores": scene.to_file(found), "selected": gone}, about)
    if gone.all():
        raise EngineError(
            "bad_input",
            f"At a strength of {strength:g} every splat is a floater, so {out} was not written.",
            ["Choose a smaller --strength."],
        )
    exporting.export(splats, out, ~gone)
    anew = exporting.rewritten(splats, out)
    if json:
        print_json({**about, "out": out, "notes": [*scene.notes, *([anew] if anew else [])]})
        return
    report(f"{plural(int(gone.sum()), 'floater')} of {plural(scene.file_count, 'splat')}: {out}")
    if psnrs:
        report(f"The photos fit with {psnrs['before']:.2f} dB before, {psnrs['after']:.2f} after.")
    notes([*scene.notes, *([anew] if anew else [])])
