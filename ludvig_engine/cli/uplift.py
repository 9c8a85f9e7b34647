"""`ludvig uplift`: write the features of every splat to a file, for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from .. import __version__
from ..errors import EngineError, plural
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

if TYPE_CHECKING:
    from ..uplifting import Uplifted

CLUSTER = (
    "Compute on a cluster of Ray: auto is the one that this machine belongs to, local one of this "
    "machine's cores; or its address, such as ray://HOST:10001"
)


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
    shard: Annotated[
        str | None,
        typer.Option(help="Only a part of the views, such as 3/64; see `ludvig merge`"),
    ] = None,
    cluster: Annotated[str | None, typer.Option(help=CLUSTER)] = None,
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
    if shard and cluster:
        raise EngineError(
            "bad_input",
            "--shard computes a part here, and --cluster everything on many machines.",
            ["Give one of them."],
        )
    part = None
    if shard:
        from ..cluster.shares import parsed

        part = parsed(shard)
    given = {"max_size": max_size, "near": near, "no_cache": no_cache, "json": json}
    scene = loaded(splats, views, photos, **given)  # type: ignore[arg-type]
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..cluster import shard_files
    from ..cluster.shard import shard as summed
    from ..features import load_extractor
    from ..pipeline import Recipe, lifted_features
    from .learned import Models

    recipe = Recipe(components=components, refine=refine)
    options: dict[str, Any] = {"recipe": recipe, "cache": cache(no_cache)}
    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        used = models.features(extractor)
        about = {
            "ludvig": __version__,
            "splats": str(splats),
            "extractor": models.name,
            "licence": models.licence,
            "refine": refine,
            "components": components,
        }
        if part:
            found = summed(scene, used, *part, **options, job=job)
            shard_files.write(out, found, scene, about)
            _tell_of_shard(found.views, found.parts, found.number, out, about, json)
            return
        if cluster:
            from ..cluster.on_ray import on_ray

            exact = models.exact(extractor)
            options["lifter"] = on_ray(cluster, partial(load_extractor, exact, device="auto"))
        uplifted = lifted_features(scene, used, **options, job=job)
    in_file_order = {name: scene.to_file(array) for name, array in vars(uplifted).items()}
    write(out, replace(uplifted, **in_file_order), about, scene.notes, json)


def write(
    out: Path, found: Uplifted, about: Mapping[str, Any], told: Iterable[str], json: bool
) -> None:
    """Write features in file order, and tell people of them, or machines as one JSON object."""
    result.write(out, vars(found), about)
    count, dim = found.features.shape
    seen = int(found.seen.sum())
    if json:
        print_json({**about, "gaussians": count, "dim": dim, "seen": seen, "out": out})
        return
    channels = plural(dim, "channel")
    report(f"{channels} of {about['extractor']} for {plural(count, 'Gaussian')}: {out}")
    median = np.median(found.views[found.seen]) if seen else 0
    report(f"  seen by at least one photo: {seen:,}; the median is {median:.1f} photos")
    notes(told)


def _tell_of_shard(
    views: int, parts: int, number: int, out: Path, about: Mapping[str, Any], json: bool
) -> None:
    from ..cluster.shares import shares

    own = shares(views, parts)[number - 1]
    first, last = own[0][0] + 1, own[-1][-1] + 1
    if json:
        print_json({**about, "shard": [number, parts], "views": [first, last], "out": out})
        return
    report(f"Shard {number}/{parts}, views {first:,} to {last:,} of {views:,}: {out}")
    report(f"  merge it with the other {parts - 1:,} by: ludvig merge")
