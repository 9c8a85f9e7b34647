"""The border of an object: how well can a selection follow it, before and after it is split?

The exact masks of all photos are lifted, which is the best selection there is of whole Gaussians.
Gaussians across the border are drawn on both sides of it; a split makes two of one. What is
selected is drawn in all photos of which the thing covers enough, and compared with the masks by IoU
and by boundary IoU, and the whole scene is compared with its photos.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Array, Bool
from ..pictures.draw import share
from ..progress import SILENT, Job
from ..removal.boundary import split
from ..removal.footprints import footprints
from ..removal.sightings import sightings
from ..scene import Gaussians, Scene
from . import captures, metrics
from .lifting import Masks, lifted, masks_of, photos_psnr

# Gaussians that are drawn as the scene's are, and which of them are the object's.
Split = Callable[[Scene, Bool[Array, " N"]], tuple[Gaussians, Bool[Array, " M"]]]


@dataclass(frozen=True)
class Border:
    """How well a selection agrees with the masks: means over the photos, 0..1."""

    iou: float
    boundary: float  # IoU of the rims, which are 2 % of the diagonal wide
    psnr: float  # of the photos, in dB
    count: int  # of all Gaussians


@dataclass(frozen=True)
class Both:
    """A thing before and after its border is split."""

    name: str  # "scene: thing"
    before: Border
    after: Border


def ours(scene: Scene, selected: Bool[Array, " N"]) -> tuple[Gaussians, Bool[Array, " M"]]:
    """The split that Clean Removal uses, by the silhouettes that the selection has itself."""
    cameras = [view.camera for view in scene.views]
    sights = sightings(scene.gaussians, selected, cameras, scene.raster, SILENT)
    if not sights:
        return scene.gaussians, selected
    seen = footprints(scene.gaussians, sights, scene.raster)
    found = split(scene.gaussians, selected, seen)
    return found.gaussians, found.selected


def compare(
    thing: captures.Thing, scene: Scene, cut: Split, *, before: float, job: Job = SILENT
) -> Both:
    """Split the border of a thing, selected by its exact masks.

    `before` is the photos' PSNR of the scene as it is, which all its things have in common.
    """
    masks = masks_of(scene, thing.masks)
    selected = lifted(scene, masks, job=job)
    gaussians, labels = cut(scene, selected)
    whole = replace(scene, gaussians=gaussians)
    rows = [
        Border(*_agreement(one, chosen, masks, job), psnr, len(one))
        for one, chosen, psnr in (
            (scene, selected, before),
            (whole, labels, photos_psnr(whole, job=job)),
        )
    ]
    return Both(f"{thing.place.name}: {thing.name}", *rows)


def _agreement(
    scene: Scene, selected: Bool[Array, " N"], masks: Masks, job: Job
) -> tuple[float, float]:
    """The mean IoU and boundary IoU over the photos of which the thing covers enough."""
    pairs, values = [], selected.astype(np.float32)
    for view, mask in masks:
        if mask.mean() >= captures.LEAST:
            drawn = share(scene.gaussians, view.camera, values, raster=scene.raster, job=job) > 0.5
            pairs.append((drawn, mask))
    return (
        metrics.mean(metrics.iou(*pair) for pair in pairs),
        metrics.mean(metrics.boundary_iou(*pair) for pair in pairs),
    )
