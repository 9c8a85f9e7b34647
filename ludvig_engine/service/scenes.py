"""The methods scene/open and scene/check."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from ..arrays import Array, Float, UInt8
from ..errors import EngineError, Fix
from ..io.photos import read_photo
from ..io.views import load_views
from ..pictures.check import check
from ..pictures.draw import rgb
from ..progress import Job
from ..scene import View
from ..stages import READ_CAMERAS, READ_SPLATS
from ..wire.methods import CheckScene, OpenScene, SceneChecked, SceneOpened
from .state import State


def open_scene(state: State, request: OpenScene, job: Job) -> SceneOpened:
    """Answer scene/open: read splats and cameras, or take the splats that were sent.

    Raises `EngineError` for files that are missing or cannot be read.
    """
    splats = request.cloud or _absolute(request.splats, "splats")
    job.report(READ_CAMERAS, 0, 1)
    views: tuple[View, ...] = ()
    notes: tuple[str, ...] = ()
    if request.views:
        photos = _absolute(request.photos, "photos") if request.photos else None
        # Cameras are useful without photos, too. But if the request names a folder of photos, it
        # is an error if they are not found.
        need = photos is not None
        path = _absolute(request.views, "views")
        source = request.splats or request.source
        beside = _absolute(source, "source") if source else None
        views, notes = job.aside(
            partial(load_views, path, photos=photos, splats=beside, need_photos=need)
        )
    job.report(READ_SPLATS, 0, 1)
    name, scene = state.open(splats, views, notes, job=job)
    means = scene.gaussians.means
    return SceneOpened(
        scene=name,
        count=scene.file_count,
        usable=len(scene),
        sh_degree=scene.gaussians.sh_degree,
        bounds=np.stack([means.min(0), means.max(0)]),
        names=tuple(view.name for view in views),
        photos=tuple(str(view.photo or "") for view in views),
        viewmats=np.array([view.camera.viewmat for view in views]).reshape(-1, 4, 4),
        Ks=np.array([view.camera.K for view in views]).reshape(-1, 3, 3),
        sizes=np.array([[v.camera.width, v.camera.height] for v in views], np.int32).reshape(-1, 2),
        photo_sizes=np.array([view.photo_size for view in views], np.int32).reshape(-1, 2),
        notes=scene.notes,
    )


def check_scene(state: State, request: CheckScene, job: Job) -> SceneChecked:
    """Answer scene/check: compare rendered views with photos, and return one pair of pictures.

    Raises `EngineError` "bad_input" if the scene has no photos.
    """
    scene = state.scene(request.scene, job=job)
    if not any(view.photo for view in scene.views):
        raise EngineError(
            "bad_input",
            "The scene has no photos to compare with.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    found = check(scene, views=request.views, job=job)
    shown = request.picture or next(view.name for view in scene.views if view.photo)
    if not request.picture and found.names:
        shown = found.names[int(np.argsort(found.psnr)[len(found.psnr) // 2])]
    view = scene.view(shown)
    photo = read_photo(view)
    job.check()
    rendered = rgb(scene.gaussians, view.camera, job=job)
    return SceneChecked(
        names=found.names,
        psnr=found.psnr,
        verdict=found.verdict,
        fits=found.fits,
        view=view.name,
        photo=_bytes(photo.pixels),
        rendered=_bytes(rendered),
    )


def _absolute(path: str, field: str) -> Path:
    if not Path(path).is_absolute():
        raise EngineError("bad_request", f'{field} is "{path}", which is not an absolute path.')
    return Path(path)


def _bytes(image: Float[Array, "H W 3"]) -> UInt8[Array, "H W 3"]:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
