"""LERF-OVS (Kerr et al., ICCV 2023; annotations by LangSplat, CVPR 2024): find what texts name.

    DATA/<scene>                       COLMAP model, photos and trained splats
    DATA/label/<scene>/frame_*.json    {"info": {"width", "height"},
                                        "objects": [{"category", "segmentation", "bbox"}]}

Localization counts how often the most relevant pixel lies in one of the text's boxes. Segmentation
is the IoU of the pixels above Otsu's threshold. Both are means over all (frame, text) pairs of a
scene.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import uniform_filter
from skimage.draw import polygon2mask

from ..arrays import Array, Bool, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..features import load_extractor
from ..io.files import read_json
from ..io.load import load_scene
from ..io.photos import read_photo
from ..paper.configs import Words
from ..paper.one_view import of_rows, prepare_pruned
from ..progress import SILENT, Job
from ..rendering import render
from ..sam import Segmenter
from ..sam.prompted import mean_of_draws
from ..scene import Scene
from ..stages import EVALUATE
from ..words.find import text_scores
from ..words.lift import lift_text, load_text_extractor
from . import metrics
from .datasets import folder, splats_of
from .lacking import Lacks

CONFIG = "lerf"
# When a SAM redraws a mask, it gets this many sets of points of the mask; the result is the mean
# over this many runs.
SETS, RUNS = 20, 5

# Mean IoU of 3D object selection in percent, as ExtrinSplat reports it. LUDVIG's own table was not
# available.
PUBLISHED = {
    "LUDVIG": {
        "figurines": 58.0,
        "ramen": 42.3,
        "teatime": 58.6,
        "waldo_kitchen": 42.8,
        "mean": 50.4,
    },
    "LangSplat": {"mean": 51.4},
    "OpenGaussian": {"mean": 38.4},
}


@dataclass(frozen=True)
class Thing:
    """The annotation of one text in one frame."""

    text: str
    mask: Bool[Array, "h w"]
    # left, top, right, bottom in pixels of the annotation
    boxes: Float[Array, "B 4"]


@dataclass(frozen=True)
class Task:
    """One scene with its annotated frames."""

    name: str
    scene: Path
    frames: dict[str, tuple[Thing, ...]]  # by view
    files: tuple[Path, ...] = ()  # annotations are read already

    @property
    def named(self) -> list[str]:
        return list(self.frames)

    @property
    def texts(self) -> list[str]:
        return list(
            dict.fromkeys(thing.text for things in self.frames.values() for thing in things)
        )


# Turns a task into a function of a view's name that returns the relevancy of all P texts of
# `Task.texts`, at any resolution.
Predictor = Callable[[Task], Callable[[str], Float[Array, "P H W"]]]


# Redraws a mask in a view. It returns several masks, whose IoUs are averaged.
Redraw = Callable[[Task, str, Bool[Array, "H W"]], Sequence[Bool[Array, "H W"]]]


def tasks(root: Path, scenes: Path | None = None, only: Collection[str] = ()) -> list[Task]:
    """All scenes that have labels; what those lack that are not in `only` does not matter.

    Raises `EngineError` for missing or damaged files.
    """
    labels = folder(root, ["label", "labels"], "annotations")
    found, lacks = [], Lacks(only)
    for place in sorted(path for path in labels.iterdir() if path.is_dir()):
        frames = {path.stem: _things(path) for path in sorted(place.glob("frame_*.json"))}
        with lacks.noted(place.name):
            if not frames:
                raise EngineError("not_found", f"{place} has no file frame_*.json.")
            scene = folder(scenes or root, [place.name], "the trained scene")
            found.append(Task(place.name, scene, frames))
    lacks.tell(root, sys.modules[__name__])
    return found


def score(
    tasks: Sequence[Task],
    predict: Predictor,
    *,
    cutoff: float,
    smooth: int,
    redraw: Redraw | None = None,
    job: Job = SILENT,
) -> dict[str, dict[str, float]]:
    """The localization accuracy and the mean IoU of each scene, in percent.

    `cutoff` and `smooth` are those of `paper.configs.Words`.
    """
    rows = {}
    for task in job.track(tasks, EVALUATE):
        look, order = predict(task), {text: n for n, text in enumerate(task.texts)}
        found, overlaps = [], []
        for view, things in task.frames.items():
            images = look(view)
            for thing in things:
                image = images[order[thing.text]]
                image = uniform_filter(image, smooth, mode="nearest") if smooth else image
                scale = np.tile(np.divide(image.shape[::-1], thing.mask.shape[::-1]), 2)
                found.append(metrics.hits(image, thing.boxes * scale))
                truth = metrics.scaled(thing.mask, *image.shape)
                mask = metrics.above_otsu(image, cutoff)
                masks = redraw(task, view, mask) if redraw and mask.any() else [mask]
                overlaps.append(metrics.mean(metrics.iou(each, truth) for each in masks))
        rows[task.name] = {
            "localisation": 100 * metrics.mean(found),
            "IoU": 100 * metrics.mean(overlaps),
            "prompts": float(len(found)),
        }
    return rows


def predictor(
    config: Words,
    *,
    extractor: str = "",
    text_model: str = "",
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Predictor:
    """This engine's predictor; an empty name stands for the experiment's own model."""
    loaded = load_extractor(extractor or config.extractor, device="auto")
    encoder = load_text_extractor(text_model or config.text, device="auto")

    def predict(task: Task) -> Callable[[str], Float[Array, "P H W"]]:
        scene = load_scene(splats_of(task.scene), views=task.scene, max_size=max_size)
        raster = config.recipe.raster or scene.raster
        prepared, rows = prepare_pruned(scene, loaded, config, cache=cache, job=job)
        scene = of_rows(scene, rows)
        lifted = lift_text(scene, encoder, raster=raster, cache=cache, job=job)
        found = text_scores(prepared, lifted, encoder, task.texts, spread=config.spread, job=job)
        plain = not config.spread.diffusion
        values = np.stack([one.relevancy if plain else one.segment.scores for one in found], 1)
        return lambda view: render(
            scene.gaussians, scene.view(view).camera, values, raster=raster, job=job
        )[0]

    return predict


def redrawn(segmenter: Segmenter, *, max_size: int = 1600) -> Redraw:
    """Redraw masks with a SAM that is prompted with random points of them.

    Each of the `RUNS` answers is the mean of the SAM's masks, cut by Otsu's rule.
    """
    scenes: dict[str, Scene] = {}
    shown: list[tuple[str, str]] = []

    def redraw(task: Task, view: str, mask: Bool[Array, "H W"]) -> list[Bool[Array, "H W"]]:
        if task.name not in scenes:
            scenes.clear()
            scenes[task.name] = load_scene(
                splats_of(task.scene), views=task.scene, max_size=max_size
            )
        if shown != [(task.name, view)]:
            segmenter.set_image(read_photo(scenes[task.name].view(view)).pixels)
            shown[:] = [(task.name, view)]
        return [mean_of_draws(segmenter, mask, sets=SETS, seed=run) for run in range(RUNS)]

    return redraw


def _things(path: Path) -> tuple[Thing, ...]:
    labels = read_json(path)
    try:
        shape = int(labels["info"]["height"]), int(labels["info"]["width"])
        masks: dict[str, Array] = {}
        boxes: dict[str, list[list[float]]] = {}
        for entry in labels["objects"]:
            outline = np.asarray(entry["segmentation"], float).reshape(-1, 2)[:, ::-1]
            text = str(entry["category"])
            masks[text] = masks.get(text, np.zeros(shape, bool)) | polygon2mask(shape, outline)
            boxes.setdefault(text, []).append([float(x) for x in entry["bbox"]])
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(
            "bad_file",
            f"{path} is not an annotation of LERF-OVS: {error!r}.",
            ["Download the dataset again."],
        ) from error
    return tuple(Thing(text, masks[text], np.array(boxes[text]).reshape(-1, 4)) for text in masks)
