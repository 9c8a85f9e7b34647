"""What NVOS and SPIn-NeRF have in common: a prompt in one view, masks of the object in others, IoU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Bool, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..features import load_extractor
from ..io.load import load_scene
from ..paper.configs import Foreground, Masks
from ..paper.masks import find_by_masks
from ..paper.one_view import Found, find_foreground, picture, prepare_pruned
from ..progress import SILENT, Job
from ..rendering import GSPLAT
from ..sam import load_segmenter
from ..sam.prompted import reference_mask
from ..scene import Camera, Gaussians, Scene, View
from ..segmentation.painting import Paint
from ..stages import EVALUATE
from . import metrics
from .datasets import splats_of


@dataclass(frozen=True)
class Task:
    """One object of one scene. Views are named as photos, without extension."""

    name: str
    scene: Path  # with cameras, photos and splats
    reference: str  # the prompted view
    prompt: Path  # an image, bright on the object
    targets: Mapping[str, Path]  # view -> ground truth


Predictor = Callable[[Task], Mapping[str, Bool[Array, "H W"]]]
Finder = Callable[[Scene, View, Paint], tuple[Found, Gaussians]]


def read_binary(path: Path) -> Bool[Array, "h w"]:
    """A ground truth: anything at least half as bright as its brightest pixel (masks are stored as 0/1 or 0/255)."""
    return _gray(path) >= 0.5


def score(
    tasks: Sequence[Task], predict: Predictor, *, job: Job = SILENT
) -> dict[str, dict[str, float]]:
    """Per task the mean over its target views of IoU and accuracy, in percent. The reference view is none of them."""
    rows = {}
    for task in job.track(tasks, EVALUATE):
        predicted = predict(task)
        pairs = [
            (predicted[view], read_binary(path))
            for view, path in task.targets.items()
            if view != task.reference
        ]
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
    """This engine's answer; `extractor` "" means the experiment's own."""
    find = (
        _by_masks(config, job)
        if isinstance(config, Masks)
        else _by_features(config, extractor, cache, job)
    )
    raster = GSPLAT if isinstance(config, Masks) else config.recipe.raster

    def predict(task: Task) -> dict[str, Bool[Array, "H W"]]:
        scene = load_scene(splats_of(task.scene), views=task.scene, max_size=max_size)
        view = scene.view(task.reference)
        found, gaussians = find(scene, view, prompt(task.prompt, view.camera))
        cameras = {name: scene.view(name).camera for name in task.targets}
        return {
            name: picture(gaussians, found, camera, raster=raster, job=job)
            for name, camera in cameras.items()
        }

    return predict


def _by_features(config: Foreground, extractor: str, cache: Cache | None, job: Job) -> Finder:
    loaded = load_extractor(extractor or config.extractor, device="auto")
    segmenter = load_segmenter("sam", device="auto") if config.by_segmenter else None

    def find(scene: Scene, view: View, paint: Paint) -> tuple[Found, Gaussians]:
        reference = reference_mask(segmenter, view, paint) if segmenter else None
        prepared, _ = prepare_pruned(scene, loaded, config, cache=cache, job=job)
        return find_foreground(
            prepared, paint, config, reference=reference, job=job
        ), prepared.gaussians

    return find


def _by_masks(config: Masks, job: Job) -> Finder:
    segmenter = load_segmenter(config.segmenter, device="auto")

    def find(scene: Scene, view: View, paint: Paint) -> tuple[Found, Gaussians]:
        found, rows = find_by_masks(scene, paint, segmenter, config, job=job)
        return found, scene.gaussians.take(rows)

    return find


def prompt(path: Path, camera: Camera) -> Paint:
    """A scribble or mask as the published evaluation reads it: nearest pixel, over its maximum, positive only."""
    with Image.open(path) as image:
        small = image.convert("L").resize((camera.width, camera.height), Image.Resampling.NEAREST)
        values = np.asarray(small, np.float32)
    return Paint(camera, values / max(float(values.max()), 1), np.zeros_like(values))


def _gray(path: Path) -> Float[Array, "h w"]:
    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("L"), np.float32)
    except OSError as error:
        raise EngineError(
            "bad_file", f"{path} cannot be read: {error}.", ["Download the dataset again."]
        ) from error
    return values / max(float(values.max()), 1)
