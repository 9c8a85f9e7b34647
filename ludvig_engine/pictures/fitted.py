"""A scene as its trainer saw it: the settings, and the cameras' frame, that its photos agree with.

What is found holds for everything that follows, because it is part of the scene: `Scene.raster`
and the cameras of `Scene.views`. A note says what was found, with numbers.

Settings are tried at the size that was trained at, however small the views' photos are: the blur
counts in pixels, and in a reduced photo means of pixels look like another blur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import EngineError
from ..io.lens import Lens
from ..io.photos import read_photo
from ..io.shots import limited
from ..progress import SILENT, Job
from ..rendering.frames import Frame, find_frame
from ..rendering.search import Found, Search
from ..rendering.trial import Trial
from ..scene import Camera, Photo, Scene, View, evenly
from ..scene.raster import GSPLAT, Raster, reduced_blur, usual_near
from ..stages import TRY_SETTINGS
from .check import DOUBTFUL

VIEWS = 4  # photos that settings are tried on
# Pixels: 3DGS and nerfstudio train on the photos as they are, or reduced to this width.
TRAINED_SIDE = 1600

Shots = list[tuple[View, Photo]]


def fitted(scene: Scene, *, near: float | None = None, job: Job = SILENT) -> Scene:
    """The scene with the settings, and the cameras, that its photos agree with, and a note.

    Scenes without photos get the usual settings. `near` is the near plane in scene units; None
    finds it. Raises `Cancelled`.
    """
    raster = replace(GSPLAT, near=usual_near(scene.distance) if near is None else near)
    found = _trained(replace(scene, raster=raster), near, job)
    blur = reduced_blur(found.raster.blur, reduction(found))
    return replace(found, raster=replace(found.raster, blur=blur))


def reduction(scene: Scene) -> float:
    """How long the sides of the views' pixels were when the scene was trained, in their own.

    It is 1 unless the photos were reduced below the size that trainers read them at.
    """
    views = evenly([view for view in scene.views if all(view.photo_size)], VIEWS)
    shares = [view.camera.K[0, 0] / _as_trained(view).camera.K[0, 0] for view in views]
    return min(float(np.median(shares)), 1.0) if shares else 1.0


def _trained(scene: Scene, near: float | None, job: Job) -> Scene:
    """The scene with the settings that it was trained with, at the size that was trained at."""
    views = [view for view in scene.views if view.photo is not None]
    search = Search(scene.distance, near is None)
    job.report(TRY_SETTINGS, 0, 1)
    middle = _trials(scene, _readable(views[len(views) // 2 :][:1]))
    if middle and not search.promising(middle[0], scene.raster, job=job):
        return scene
    shots = _readable(evenly(views, VIEWS))
    trials = _trials(scene, shots)
    if not trials:
        return scene
    found = search.run(trials, scene.raster, job=job)
    if found.after >= DOUBTFUL:
        return _noted(scene, found)
    return _in_another_frame(scene, shots, found, near, job)


def _in_another_frame(
    scene: Scene, shots: Shots, found: Found, near: float | None, job: Job
) -> Scene:
    cameras = [(view.camera, photo) for view, photo in shots]
    frame = find_frame(scene.gaussians, cameras, scene.raster, job=job)
    if frame is None:
        tried = (
            f"The photos do not fit ({found.after:.1f} dB), and neither with another near plane, "
            "anti-aliasing or sideways culling, nor with the cameras turned by quarter turns or "
            "scaled by 0.001 to 1,000."
        )
        return replace(scene, raster=found.raster, notes=(*scene.notes, tried))
    moved = _moved(scene, frame)
    raster = moved.raster if near is not None else replace(GSPLAT, near=usual_near(moved.distance))
    again = [(replace(view, camera=frame.camera(view.camera)), photo) for view, photo in shots]
    better = Search(moved.distance, near is None).run(_trials(moved, again), raster, job=job)
    note = (
        f"The cameras were in another frame than the splats, and are {frame.described()}: "
        f"{better.before:.1f} dB instead of {found.before:.1f}."
    )
    return _noted(replace(moved, notes=(*moved.notes, note)), better)


def _moved(scene: Scene, frame: Frame) -> Scene:
    views = [replace(view, camera=frame.camera(view.camera)) for view in scene.views]
    return replace(scene, views=tuple(views))


def _noted(scene: Scene, found: Found) -> Scene:
    """The scene with the settings found, and a note if they are not the usual ones."""
    if found.raster == found.start:
        return scene
    about = (
        f"Trained with {_described(found.raster, found.start)}: {found.after:.1f} dB "
        f"instead of {found.before:.1f}."
    )
    return replace(scene, raster=found.raster, notes=(*scene.notes, about))


def _described(raster: Raster, usual: Raster) -> str:
    """How settings differ from the usual ones, for people."""
    parts = []
    if raster.antialiased:
        parts.append("anti-aliased rasterization")
    if raster.blur != usual.blur:
        parts.append(f"a blur of {raster.blur:g} px² instead of {usual.blur:g}")
    if raster.near != usual.near:
        parts.append(f"a near plane of {raster.near:.2g} instead of {usual.near:.2g}")
    if raster.cull != usual.cull:
        parts.append(f"splats left out beyond {1 + raster.cull:g} times the field of view")
    if raster.alpha_clamp != usual.alpha_clamp:
        parts.append(f"an alpha of up to {raster.alpha_clamp:g} instead of {usual.alpha_clamp:g}")
    return " and ".join(parts)


def _as_trained(view: View) -> View:
    """The view with its photo at the size that trainers read it at."""
    if isinstance(view.lens, Lens):
        lens = Lens.covering(view.lens.distorted, view.photo_size, TRAINED_SIDE)
        camera = Camera(view.camera.viewmat, lens.pinhole.K, *lens.pinhole.size)
        return replace(view, camera=camera, lens=lens)
    return replace(view, camera=view.camera.resized(*limited(view.photo_size, TRAINED_SIDE)))


def _readable(views: Sequence[View]) -> Shots:
    """The photos of these views that can be read and show something, at the trainer's size."""
    found = []
    for view in map(_as_trained, views):
        try:
            photo = read_photo(view)
        # Whatever uses the photo says so; here, other photos do as well.
        except EngineError:
            continue
        found.append((view, photo))
    return [(view, photo) for view, photo in found if photo.valid is None or photo.valid.any()]


def _trials(scene: Scene, shots: Shots) -> list[Trial]:
    trials = [Trial(scene.gaussians, view.camera, photo) for view, photo in shots]
    return [trial for trial in trials if not trial.empty]
