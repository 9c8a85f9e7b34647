"""What the exact masks of all photos select, and how well a scene's splats fit its photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..arrays import Array, Bool
from ..io.masks import read_mask
from ..io.photos import read_photo
from ..pictures.draw import rgb
from ..progress import SILENT, Job
from ..rendering import adjoint
from ..rendering.trial import psnr
from ..scene import Scene, View
from ..stages import COMPARE_PHOTOS
from . import metrics

Masks = Sequence[tuple[View, Bool[Array, "H W"]]]


def masks_of(scene: Scene, masks: Mapping[str, Path]) -> Masks:
    """The views that masks are of, by the photos' names, with the masks in the cameras' pixels."""
    views = [(scene.view(name), path) for name, path in masks.items()]
    return [(view, read_mask(path, view) > 0.5) for view, path in views]


def lifted(scene: Scene, masks: Masks, *, job: Job = SILENT) -> Bool[Array, " N"]:
    """The Gaussians of which masks in several views cover more than half.

    No selection of these Gaussians can be expected to agree much better with the masks.
    """
    inside, total = (np.zeros(len(scene), np.float32) for _ in range(2))
    for view, mask in masks:
        image = mask[None].astype(np.float32)
        sums, weights = adjoint(scene.gaussians, view.camera, image, raster=scene.raster, job=job)
        inside += sums[:, 0]
        total += weights
    return np.asarray(inside > 0.5 * total)


def photos_psnr(scene: Scene, *, job: Job = SILENT) -> float:
    """The mean over the photos of the splats' PSNR, in dB."""
    found = []
    for view in job.track([view for view in scene.views if view.photo], COMPARE_PHOTOS):
        picture, photo = rgb(scene.gaussians, view.camera, raster=scene.raster), read_photo(view)
        found.append(psnr(picture, photo))
    return metrics.mean(found)
