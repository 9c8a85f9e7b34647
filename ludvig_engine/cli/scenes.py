"""How the commands get a scene: from files, as its photos or its splats show it."""

from __future__ import annotations

from pathlib import Path

from ..io.load import load_scene
from ..scene import Scene
from .common import bars, cache, nothing_kept


def loaded(
    splats: Path,
    views: Path | None,
    photos: Path | None,
    *,
    max_size: int,
    near: float | None,
    no_cache: bool,
    json: bool,
) -> Scene:
    """The scene, `fitted` to its photos, or with renders at its cameras, or at planned ones.

    Raises the errors of `load_scene`, and "not_found" if the folder `photos` has none of them.
    """
    need = photos is not None
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=need)
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..cache.step import Steps
    from ..pictures.fitted import fitted
    from ..planning.pictured import pictured

    with bars(json, nothing_kept) as job:
        steps = Steps(cache(no_cache), job)
        return pictured(fitted(scene, near=near, job=job), steps, max_size=max_size)
