"""Which Gaussians the photos would miss: without them, pictures fit worse where they were drawn."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import adjoint, colours, render
from ..scene import Camera, Gaussians, Scene
from ..segmentation.fronts import reduced
from ..stages import COMPARE_PHOTOS
from .witnesses import SIDE, picture


def missed(scene: Scene, without: Bool[Array, " N"], *, job: Job = SILENT) -> Float[Array, " N"]:
    """By how much the squared error of all channels grows where each Gaussian is drawn.

    It is the mean over the pixels of all photos, weighted with w, if all Gaussians in `without` are
    deleted at once; 0 for the others and for those that no photo shows. Renders that stand in for
    photos do not count, since they show floaters too.
    """
    growth, weight = (np.zeros(len(scene)) for _ in range(2))
    rest = scene.gaussians.take(~without)
    for view in job.track([view for view in scene.views if view.photo], COMPARE_PHOTOS):
        camera = reduced(view.camera, SIDE)
        photo = picture(view, camera)
        errors = [
            ((_drawn(some, scene, camera, job) - photo) ** 2).sum(0)
            for some in (scene.gaussians, rest)
        ]
        change = np.ascontiguousarray((errors[1] - errors[0])[None], np.float32)
        sums, w = adjoint(scene.gaussians, camera, change, raster=scene.raster, job=job)
        growth += sums[:, 0]
        weight += w
    found = np.divide(growth, weight, out=np.zeros(len(scene)), where=(weight > 0) & without)
    return found.astype(np.float32)


def _drawn(some: Gaussians, scene: Scene, camera: Camera, job: Job) -> Float[Array, "3 H W"]:
    colors = colours(some, camera.center)
    return np.clip(render(some, camera, colors, raster=scene.raster, job=job)[0], 0, 1)
