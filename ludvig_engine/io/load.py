"""A scene from files: the usable splats in Morton order, and the views of them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import EngineError
from ..scene import Scene, morton_order
from ..scene.raster import GSPLAT, usual_near
from .activation import Splats, left_out
from .splats import read_splats


def load_scene(
    splats: str | os.PathLike[str],
    *,
    views: str | os.PathLike[str] | None = None,
    photos: str | os.PathLike[str] | None = None,
    max_size: int | None = 1600,
    need_photos: bool = True,
) -> Scene:
    """Load a splat file and, if `views` is given, its cameras and photos.

    The arguments after the first are those of `load_views`. Rows with values that no scan has are
    left out: `Scene.notes` tells how many and why, and `Scene.to_file` gives them zeros. Raises
    `EngineError` "bad_file" if the file is damaged or has no usable Gaussian, and the errors of
    `read_splats` and `load_views`.
    """
    scene = scene_of(read_splats(splats), Path(splats).name)
    # Imported here, so that a file that is no splat file is refused before photos are thought of.
    from .views import load_views

    loaded, notes = (
        load_views(views, photos=photos, splats=splats, max_size=max_size, need_photos=need_photos)
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
    total = len(splats.valid)
    notes = left_out(splats.faults, total)
    if not len(usable):
        raise EngineError(
            "bad_file",
            f"No splat of {name} is usable. {''.join(notes) or 'There are none.'}",
            ["The training failed; use an earlier checkpoint."],
        )
    rows = usable[morton_order(splats.gaussians.means[usable])]
    return Scene(splats.gaussians.take(rows), rows, total, notes=(*splats.notes, *notes))
