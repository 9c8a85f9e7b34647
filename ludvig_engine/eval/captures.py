"""Captures of one's own: how well features find things whose masks one has, beside others and beside chance.

    DATA or DATA/<capture>              cameras, photos and trained splats
         masks/<thing>/<photo>.png      some masks of the thing, bright on it; text asks for the folder's name

One photo is prompted, the one that shows most of the thing; the IoU is the mean over the others. `shuffled` is chance:
an extractor whose every weight tensor is permuted, and so the same network, but nothing it has learned.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from ..arrays import Array, Bool, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor
from ..features.join import Joined
from ..io.load import load_scene
from ..io.photos import read_mask
from ..machine.device import import_torch
from ..paper.configs import Foreground
from ..paper.one_view import find_foreground, picture
from ..pictures.draw import share
from ..pipeline import DEFAULT, prepare
from ..progress import SILENT, Job
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.painting import Paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import segment
from ..stages import EVALUATE
from ..words.find import TextExtractor, lift_text, text_scores
from ..words.text import find
from . import metrics
from .datasets import splats_of
from .single_view import Task, read_binary

LEAST = 0.01  # of a photo; where less of a thing shows, its rim of one pixel decides over the IoU
DRAWS = 3  # of clicks: their places are random, well inside the thing and well outside
CONFIG = "dif_SPIn"
Judge = Callable[[Array], float]  # of a selection (N,) bool
PUBLISHED: Mapping[str, Mapping[str, float]] = {}
CLICKS = {
    "1 click": (1, 0),
    "1 + 1 clicks": (1, 1),
    "3 + 3 clicks": (3, 3),
}  # on the thing, beside it
ALONE = "mask, features alone"  # the paper's regression of pixels: neither a graph nor places help
ABSENT = ("car", "dog", "piano")  # words for what is in none of the captures at hand
FALSE = "absent words found"  # of those, percent
KINDS = ("mask", *CLICKS, ALONE, "text", FALSE)


@dataclass(frozen=True)
class Thing:
    """One thing of one capture."""

    name: str
    place: Path
    masks: Mapping[str, Path]  # by photo, without extension


def things(root: Path) -> list[Thing]:
    """All things of all captures. Raises `EngineError` "not_found" if there is none."""
    places = (
        [root]
        if (root / "masks").is_dir()
        else sorted(path for path in root.iterdir() if path.is_dir())
    )
    found = [
        Thing(thing.name, place, {path.stem: path for path in sorted(thing.glob("*.png"))})
        for place in places
        if (place / "masks").is_dir()
        for thing in sorted(path for path in (place / "masks").iterdir() if path.is_dir())
    ]
    if not found:
        raise EngineError(
            "not_found", f"{root} has no masks/<thing>/<photo>.png.", ["See `ludvig eval --help`."]
        )
    return found


def tasks(root: Path, scenes: Path | None = None) -> list[Task]:
    """The same for the paper's experiments, from the mask of one photo."""
    found = []
    for thing in things(root):
        shown = {name: float(read_binary(path).mean()) for name, path in thing.masks.items()}
        view = max(shown, key=shown.__getitem__)
        rest = {
            name: path
            for name, path in thing.masks.items()
            if name != view and shown[name] >= LEAST
        }
        found.append(
            Task(f"{thing.place.name}: {thing.name}", thing.place, view, thing.masks[view], rest)
        )
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
    """IoU in percent of every thing, by kind of prompt; without an encoder no texts."""
    rows = {}
    for place in dict.fromkeys(thing.place for thing in things):
        scene = load_scene(splats_of(place), views=place, max_size=max_size)
        prepared = prepare(scene, extractor, cache=cache, job=job)
        lifted = (
            lift_text(scene, encoder, cache=cache, job=job) if encoder and "text" in kinds else None
        )
        asked = find(encoder, lifted.features, ABSENT) if encoder and lifted else []
        false = 100 * metrics.mean(finding.found for finding in asked)
        for thing in job.track([thing for thing in things if thing.place == place], EVALUATE):
            masks = {
                name: read_mask(path, scene.view(name)) > 0.5 for name, path in thing.masks.items()
            }
            view, rest = divided(masks)
            judge = judge_of(scene, rest)
            row = {}
            if "mask" in kinds:
                row["mask"] = judge(
                    segment(
                        prepared, [painting.mask(scene.view(view).camera, masks[view])]
                    ).selected
                )
            for kind in (kind for kind in CLICKS if kind in kinds):
                drawn = (
                    clicks(scene.view(view), masks[view], *CLICKS[kind], seed=seed)
                    for seed in range(DRAWS)
                )
                row[kind] = metrics.mean(
                    judge(segment(prepared, paints, job=job).selected) for paints in drawn
                )
            if ALONE in kinds:
                row[ALONE] = _alone(scene, prepared, view, masks[view], rest)
            if lifted is not None and encoder:
                (named,) = text_scores(prepared, lifted, encoder, [thing.name], job=job)
                row["text"] = judge(named.segment.selected)
                row[FALSE] = false
            rows[f"{place.name}: {thing.name}"] = row
    return rows


def clicks(
    view: View, mask: Bool[Array, "H W"], positive: int, negative: int, *, seed: int
) -> list[Paint]:
    """At random pixels well inside and well outside."""
    rng = np.random.default_rng(seed)
    found = []
    for side, count in ((mask, positive), (~mask, negative)):
        depth = distance_transform_edt(np.pad(side, 1))[1:-1, 1:-1]
        rows, columns = np.nonzero(
            depth >= 0.4 * depth.max() if side is mask else depth > 0.02 * max(mask.shape)
        )
        for n in rng.choice(len(rows), min(count, len(rows)), replace=False):
            found.append(
                painting.click(view.camera, columns[n] + 0.5, rows[n] + 0.5, positive=side is mask)
            )
    return found


def shuffled(extractor: Any, seed: int = 0) -> Any:
    """The control: `extractor` with its weights permuted, and a name that says so; None if it has no weights."""
    if isinstance(extractor, Joined):
        parts = [shuffled(part, seed) for part in extractor.parts]
        if not any(parts):
            return None
        return Joined(
            tuple(part or whole for part, whole in zip(parts, extractor.parts, strict=True))
        )
    changed = copy.deepcopy(extractor)
    tensors = [tensor for tensor in _tensors(changed) if tensor.dim() > 1]
    if not tensors:
        return None
    torch = import_torch()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in tensors:
            order = torch.randperm(tensor.numel(), generator=generator)
            tensor.copy_(tensor.detach().cpu().flatten()[order].reshape(tensor.shape))
    return replace(
        changed,
        name=f"CONTROL: {extractor.name}, weights shuffled",
        key=f"{extractor.key}-shuffled-{seed}",
    )


def _tensors(thing: Any) -> Iterator[Any]:
    """All weights in an extractor, which is made of dataclasses, containers and torch modules."""
    torch = import_torch()
    if isinstance(thing, torch.Tensor):
        yield thing
    elif isinstance(thing, torch.nn.Module):
        yield from thing.parameters()
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _tensors(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _tensors(value)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from _tensors(getattr(thing, field.name))


def _alone(
    scene: Scene,
    prepared: Prepared,
    view: str,
    mask: Bool[Array, "H W"],
    rest: Mapping[str, Bool[Array, "H W"]],
) -> float:
    """IoU by what the features say, and nothing else."""
    settings = Foreground(recipe=DEFAULT, unary="pixels", C=0.1)
    found = find_foreground(prepared, painting.mask(scene.view(view).camera, mask), settings)
    seen = {
        name: picture(prepared.gaussians, found, scene.view(name).camera, raster=DEFAULT.raster)
        for name in rest
    }
    return 100 * metrics.mean(metrics.iou(seen[name], mask) for name, mask in rest.items())


def divided(
    masks: Mapping[str, Bool[Array, "H W"]],
) -> tuple[str, dict[str, Bool[Array, "H W"]]]:
    """The photo that shows most of a thing, which is prompted, and the masks of the others that show enough of it."""
    prompted = max(masks, key=lambda name: float(masks[name].mean()))
    enough = {name: mask for name, mask in masks.items() if mask.mean() >= LEAST}
    return prompted, {name: mask for name, mask in enough.items() if name != prompted}


def judge_of(scene: Scene, masks: Mapping[str, Bool[Array, "H W"]]) -> Judge:
    """A function that gives the mean IoU of a selection, drawn, with the masks, in percent."""

    def judge(selected: Bool[Array, " N"]) -> float:
        values: Float[Array, " N"] = selected.astype(np.float32)
        seen = {
            name: share(scene.gaussians, scene.view(name).camera, values) > 0.5 for name in masks
        }
        return 100 * metrics.mean(metrics.iou(seen[name], mask) for name, mask in masks.items())

    return judge
