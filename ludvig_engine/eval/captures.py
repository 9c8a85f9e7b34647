"""Your own captures: how well features find things that you have masks of, also against chance.

    DATA or DATA/<capture>              cameras, photos and trained splats
         masks/<thing>/<photo>.png      some masks of the thing, bright on it; the folder's name is
                                        the text that is searched for

The photo that shows most of the thing is prompted, and the IoU is the mean over the other masks.
The chance level is that of the same network without what it has learned (chance.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..arrays import Array, Bool, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor
from ..io.load import load_scene
from ..io.masks import read_mask, read_truth
from ..paper.configs import Foreground
from ..paper.one_view import find_foreground, picture
from ..pictures.draw import share
from ..pipeline import DEFAULT, prepare
from ..progress import SILENT, Job
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.paint import Paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import segment
from ..stages import EVALUATE
from ..words.find import text_scores
from ..words.lift import TextExtractor, lift_text
from ..words.text import detect
from . import metrics
from .datasets import splats_of
from .single_view import Task

# A photo counts only if the thing covers this share of it: of a smaller one, the rim of one pixel
# dominates the IoU.
LEAST = 0.01
# Each kind of clicks is tried at this many random places, well inside the thing and well outside.
DRAWS = 3
CONFIG = "dif_SPIn"
Judge = Callable[[Array], float]  # of a selection (N,) bool
PUBLISHED: Mapping[str, Mapping[str, float]] = {}
# Numbers of clicks on the thing and beside it.
CLICKS = {"1 click": (1, 0), "1 + 1 clicks": (1, 1), "3 + 3 clicks": (3, 3)}
# The paper's regression of pixels, which uses neither a graph nor positions.
ALONE = "mask, features alone"
# Words for things that none of our captures shows, and the percentage of them that is found.
ABSENT = ("car", "dog", "piano")
FALSE = "absent words found"
KINDS = ("mask", *CLICKS, ALONE, "text", FALSE)


@dataclass(frozen=True)
class Thing:
    """One thing of one capture."""

    name: str
    place: Path  # the folder of the capture
    masks: Mapping[str, Path]  # by the photo's name without extension


def things(root: Path) -> list[Thing]:
    """All things of all captures. Raises `EngineError` "not_found" if there is none."""
    places = [root]
    if not (root / "masks").is_dir():
        places = sorted(path for path in root.iterdir() if path.is_dir())
    found = [
        Thing(thing.name, place, {path.stem: path for path in sorted(thing.glob("*.png"))})
        for place in places
        if (place / "masks").is_dir()
        for thing in sorted(path for path in (place / "masks").iterdir() if path.is_dir())
    ]
    if not found:
        raise EngineError(
            "not_found",
            f"{root} has no masks/<thing>/<photo>.png.",
            ["Put masks of things there, or see `ludvig eval --help`."],
        )
    return found


def tasks(root: Path, scenes: Path | None = None, only: Collection[str] = ()) -> list[Task]:
    """The things as tasks for the paper's experiments, prompted by the mask of one photo.

    Raises `EngineError` "not_found" if there is none.
    """
    found = []
    for thing in things(root):
        shown = {name: float(read_truth(path).mean()) for name, path in thing.masks.items()}
        view = max(shown, key=shown.__getitem__)
        others = [name for name, share in shown.items() if name != view and share >= LEAST]
        rest = {name: thing.masks[name] for name in others}
        name = f"{thing.place.name}: {thing.name}"
        found.append(Task(name, thing.place, view, thing.masks[view], rest))
    return found


def score(
    things: Sequence[Thing],
    extractor: Extractor,
    encoder: TextExtractor | None,
    *,
    kinds: Sequence[str] = KINDS,
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> dict[str, dict[str, float]]:
    """IoU in percent of every thing, by kind of prompt; without an encoder there are no texts."""
    rows = {}
    for place in dict.fromkeys(thing.place for thing in things):
        scene = load_scene(splats_of(place), views=place, max_size=max_size)
        prepared = prepare(scene, extractor, cache=cache, job=job)
        lifted, asked = None, []
        if encoder and "text" in kinds:
            lifted = lift_text(scene, encoder, cache=cache, job=job)
            asked = detect(encoder, lifted.features, ABSENT)
        false = 100 * metrics.mean(finding.found for finding in asked)
        for thing in job.track([thing for thing in things if thing.place == place], EVALUATE):
            row, judge = _score_masks(scene, prepared, thing, kinds, job)
            if lifted is not None and encoder:
                (named,) = text_scores(prepared, lifted, encoder, [thing.name], job=job)
                row["text"] = judge(named.segment.selected)
                row[FALSE] = false
            rows[f"{place.name}: {thing.name}"] = row
    return rows


def _score_masks(
    scene: Scene, prepared: Prepared, thing: Thing, kinds: Sequence[str], job: Job
) -> tuple[dict[str, float], Judge]:
    """IoU in percent by kind of prompt, texts apart, and the function that measures a selection."""
    view, mask, rest = prompted(scene, thing)
    judge = judge_of(scene, rest)
    row = {}
    if "mask" in kinds:
        row["mask"] = judge(segment(prepared, [painting.mask(view.camera, mask)]).selected)
    for kind in (kind for kind in CLICKS if kind in kinds):
        drawn = (clicks(view, mask, *CLICKS[kind], seed=seed) for seed in range(DRAWS))
        row[kind] = metrics.mean(
            judge(segment(prepared, paints, job=job).selected) for paints in drawn
        )
    if ALONE in kinds:
        row[ALONE] = _alone(scene, prepared, view.name, mask, rest)
    return row, judge


def clicks(
    view: View, mask: Bool[Array, "H W"], positive: int, negative: int, *, seed: int
) -> list[Paint]:
    """Clicks at random pixels well inside and well outside a mask in the camera's pixels."""
    rng = np.random.default_rng(seed)
    found = []
    for side, count in ((mask, positive), (~mask, negative)):
        inside = side is mask
        depth = distance_transform_edt(np.pad(side, 1))[1:-1, 1:-1]
        deep = depth >= 0.4 * depth.max() if inside else depth > 0.02 * max(mask.shape)
        rows, columns = np.nonzero(deep)
        for n in rng.choice(len(rows), min(count, len(rows)), replace=False):
            x, y = columns[n] + 0.5, rows[n] + 0.5
            found.append(painting.click(view.camera, x, y, positive=inside))
    return found


def _alone(
    scene: Scene,
    prepared: Prepared,
    view: str,
    mask: Bool[Array, "H W"],
    rest: Mapping[str, Bool[Array, "H W"]],
) -> float:
    """IoU in percent by the features alone, without graph and positions."""
    settings = Foreground(recipe=DEFAULT, unary="pixels", C=0.1)
    found = find_foreground(prepared, painting.mask(scene.view(view).camera, mask), settings)
    seen = {
        name: picture(prepared.gaussians, found, scene.view(name).camera, raster=prepared.raster)
        for name in rest
    }
    return 100 * metrics.mean(metrics.iou(seen[name], mask) for name, mask in rest.items())


def prompted(
    scene: Scene, thing: Thing
) -> tuple[View, Bool[Array, "H W"], dict[str, Bool[Array, "H W"]]]:
    """The view that shows most of a thing, its mask there, and the masks to judge by.

    Those are the masks of all other photos of which the thing covers at least `LEAST`.
    """
    masks = {name: read_mask(path, scene.view(name)) > 0.5 for name, path in thing.masks.items()}
    most = max(masks, key=lambda name: float(masks[name].mean()))
    rest = {name: m for name, m in masks.items() if name != most and m.mean() >= LEAST}
    return scene.view(most), masks[most], rest


def judge_of(scene: Scene, masks: Mapping[str, Bool[Array, "H W"]]) -> Judge:
    """A function of a selection: its mean IoU with the masks, drawn in their views, in percent."""

    def judge(selected: Bool[Array, " N"]) -> float:
        values: Float[Array, " N"] = selected.astype(np.float32)
        seen = {
            name: share(scene.gaussians, scene.view(name).camera, values, raster=scene.raster) > 0.5
            for name in masks
        }
        return 100 * metrics.mean(metrics.iou(seen[name], mask) for name, mask in masks.items())

    return judge
