"""The methods scene/open, scene/check and splats/read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arrays import Array, Float, UInt8
from ..errors import EngineError, Fix
from ..io.activation import Splats, left_out
from ..io.files import stopping
from ..io.photos import read_photo
from ..io.splats import read_splats as read_file
from ..io.views import load_views
from ..pictures.check import check
from ..pictures.draw import rgb
from ..progress import Job
from ..scene import View
from ..scene.raster import Raster
from ..stages import READ_CAMERAS, READ_SPLATS
from ..wire.methods import (
    CheckScene,
    OpenScene,
    ReadSplats,
    SceneChecked,
    SceneOpened,
    Settings,
    SplatsRead,
)
from .clouds import cloud_of
from .editor_cameras import views_at
from .state import State


def open_scene(state: State, request: OpenScene, job: Job) -> SceneOpened:
    """Answer scene/open: read splats and cameras, or take the splats that were sent.

    Where there are no photos, views have renders instead; without cameras they are planned.

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

        def read() -> tuple[tuple[View, ...], tuple[str, ...]]:
            with stopping(job.check):
                return load_views(path, photos=photos, splats=beside, need_photos=need)

        views, notes = job.aside(read)
    elif request.cameras:
        views = views_at(request.cameras)
    job.report(READ_SPLATS, 0, 1)
    if request.near is not None and not 0 < request.near < np.inf:
        raise EngineError("bad_request", f"The near plane {request.near:g} is not above 0.")
    name, scene = state.open(splats, views, notes, near=request.near, job=job)
    views = scene.views
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
        raster=_settings(scene.raster),
        notes=scene.notes,
    )


def read_splats(_state: State, request: ReadSplats, job: Job) -> SplatsRead:
    """Answer splats/read: the content of a splat file, in its order.

    Raises `EngineError` for files that are missing or cannot be read.
    """
    path = _absolute(request.splats, "splats")
    job.report(READ_SPLATS, 0, 1)

    def read() -> Splats:
        with stopping(job.check):
            return read_file(path)

    file = job.aside(read)
    notes = (*file.notes, *left_out(file.faults, len(file.valid)))
    return SplatsRead(cloud_of(file.gaussians), file.valid, notes)


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
    shown = request.picture
    if not shown and found.names:
        shown = found.names[int(np.argsort(found.psnr)[len(found.psnr) // 2])]
    view = scene.view(shown or next(view.name for view in scene.views if view.photo))
    photo = read_photo(view)
    job.check()
    rendered = rgb(scene.gaussians, view.camera, raster=scene.raster, job=job)
    return SceneChecked(
        names=found.names,
        psnr=found.psnr,
        verdict=found.verdict,
        fits=found.fits,
        view=view.name,
        photo=_bytes(photo.pixels),
        rendered=_bytes(rendered),
    )


def _settings(raster: Raster) -> Settings:
    return Settings(
        near=raster.near,
        alpha_clamp=raster.alpha_clamp,
        blur=raster.blur,
        cull=None if np.isinf(raster.cull) else raster.cull,
        antialiased=raster.antialiased,
    )


def _absolute(path: str, field: str) -> Path:
    if not Path(path).is_absolute():
        raise EngineError("bad_request", f'{field} is "{path}", which is not an absolute path.')
    return Path(path)


def _bytes(image: Float[Array, "H W 3"]) -> UInt8[Array, "H W 3"]:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
