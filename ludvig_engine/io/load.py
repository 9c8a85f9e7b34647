"""A scene from files: the usable splats in Morton order, and the views of them."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from ..errors import EngineError
from ..raster import GSPLAT, usual_near
from ..scene import Scene, morton_order
from .activation import Splats
from .splats import read_splats
from .views import load_views


def load_scene(
    splats: str | os.PathLike[str],
    *,
    views: str | os.PathLike[str] | None = None,
    photos: str | os.PathLike[str] | None = None,
    max_size: int | None = 1600,
    need_photos: bool = True,
) -> Scene:
    """Load a splat file and, if `views` is given, its cameras and photos.

    The arguments after the first are those of `load_views`. Rows with values that are not finite
    are left out: `Scene.notes` tells how many, and `Scene.to_file` gives them zeros. Raises
    `EngineError` "bad_file" if the file is damaged or has no usable Gaussian, and the errors of
    `read_splats` and `load_views`.
    """
    scene = scene_of(read_splats(splats), Path(splats).name)
    loaded, notes = (
        load_views(views, photos=photos, max_size=max_size, need_photos=need_photos)
        if views is not None
        else ((), ())
    )
    scene = replace(scene, views=loaded)
    near = usual_near(scene.distance)
    raster = replace(GSPLAT, near=near)
    notes = (*scene.notes, *notes)
    return replace(scene, path=Path(splats), raster=raster, notes=notes)


def scene_of(splats: Splats, name: str) -> Scene:
    """The usable ones of these splats as a scene, in Morton order.

    `name` stands for them in messages.
    """
    usable = np.flatnonzero(splats.valid)
    total, bad = len(splats.valid), len(splats.valid) - len(usable)
    if not len(usable):
        values = {f.name: getattr(splats.gaussians, f.name) for f in fields(splats.gaussians)}
        where = ", ".join(field for field, array in values.items() if not np.isfinite(array).all())
        raise EngineError(
            "bad_file",
            f"All {total:,} splats of {name} have NaN or infinite values ({where}).",
            ["The training failed; use an earlier checkpoint."],
        )
    rows = usable[morton_order(splats.gaussians.means[usable])]
    return Scene(splats.gaussians.take(rows), rows, total, notes=left_out(bad, total))


def left_out(bad: int, total: int) -> tuple[str, ...]:
    """The note for the user about rows that are not usable."""
    return (
        (f"{bad:,} of {total:,} splats have NaN or infinite values and are left out.",)
        if bad
        else ()
    )
