"""The common part of NVOS and SPIn-NeRF: from a prompt in one view, find the masks in others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Bool
from ..cache.store import Cache
from ..features import load_extractor
from ..io.load import load_scene
from ..io.masks import read_truth
from ..io.photo_files import decoding, open_photo
from ..paper.configs import Foreground, Masks
from ..paper.masks import find_by_masks
from ..paper.one_view import Found, find_foreground, picture, prepare_pruned
from ..progress import SILENT, Job
from ..sam import load_segmenter
from ..sam.prompted import reference_mask
from ..scene import Camera, Gaussians, Scene, View
from ..segmentation.paint import Paint
from ..stages import EVALUATE
from . import metrics
from .datasets import splats_of


@dataclass(frozen=True)
class Task:
    """One object of one scene. Views have the names of their photos without extension."""

    name: str
    scene: Path  # the folder of cameras, photos and splats
    reference: str  # the prompted view
    prompt: Path  # an image that is bright on the object
    targets: Mapping[str, Path]  # view -> ground truth

    @property
    def named(self) -> list[str]:
        return [self.reference, *self.targets]

    @property
    def files(self) -> list[Path]:
        return [self.prompt, *self.targets.values()]


Predictor = Callable[[Task], Mapping[str, Bool[Array, "H W"]]]
Finder = Callable[[Scene, View, Paint], tuple[Found, Gaussians]]


def score(
    tasks: Sequence[Task], predict: Predictor, *, job: Job = SILENT
) -> dict[str, dict[str, float]]:
    """IoU and accuracy of each task, in percent, as means over its target views.

    The reference view does not count.
    """
    rows = {}
    for task in job.track(tasks, EVALUATE):
        predicted = predict(task)
        targets = {view: path for view, path in task.targets.items() if view != task.reference}
        pairs = [(predicted[view], read_truth(path)) for view, path in targets.items()]
        pairs = [(guess, metrics.scaled(truth, *guess.shape)) for guess, truth in pairs]
        rows[task.name] = {
            "IoU": 100 * metrics.mean(metrics.iou(*pair) for pair in pairs),
            "accuracy": 100 * metrics.mean(metrics.accuracy(*pair) for pair in pairs),
            "views": float(len(pairs)),
        }
    return rows


def predictor(
    config: Foreground | Masks,
    *,
    extractor: str = "",
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Predictor:
    """This engine's predictor; an empty `extractor` stands for the experiment's own."""
    find: Finder
    if isinstance(config, Masks):
        find, given = _by_masks(config, job), None
    else:
        find, given = _by_features(config, extractor, cache, job), config.recipe.raster

    def predict(task: Task) -> dict[str, Bool[Array, "H W"]]:
        scene = load_scene(splats_of(task.scene), views=task.scene, max_size=max_size)
        view, raster = scene.view(task.reference), given or scene.raster
        found, gaussians = find(scene, view, prompt(task.prompt, view.camera))
        cameras = {name: scene.view(name).camera for name in task.targets}
        return {
            name: picture(gaussians, found, camera, raster=raster, job=job)
            for name, camera in cameras.items()
        }

    return predict


def _by_features(config: Foreground, extractor: str, cache: Cache | None, job: Job) -> Finder:
    loaded = load_extractor(extractor or config.extractor, device="auto")
    segmenter = load_segmenter(config.segmenter, device="auto") if config.segmenter else None

    def find(scene: Scene, view: View, paint: Paint) -> tuple[Found, Gaussians]:
        reference = reference_mask(segmenter, view, paint) if segmenter else None
        prepared, _ = prepare_pruned(scene, loaded, config, cache=cache, job=job)
        found = find_foreground(prepared, paint, config, reference=reference, job=job)
        return found, prepared.gaussians

    return find


def _by_masks(config: Masks, job: Job) -> Finder:
    segmenter = load_segmenter(config.segmenter, device="auto")

    def find(scene: Scene, view: View, paint: Paint) -> tuple[Found, Gaussians]:
        found, rows = find_by_masks(scene, paint, segmenter, config, job=job)
        return found, scene.gaussians.take(rows)

    return find


def prompt(path: Path, camera: Camera) -> Paint:
    """Read a scribble or mask as the published evaluation does.

    The image is resized to the camera by the nearest pixel and divided by its maximum; there is no
    negative paint.
    """
    size = camera.width, camera.height
    with open_photo(path) as image, decoding(path):
        small = image.convert("L").resize(size, Image.Resampling.NEAREST)
    values = np.asarray(small, np.float32)
    return Paint(camera, values / max(float(values.max()), 1), np.zeros_like(values))
