"""How well segments found without prompts are the things of a scene: panoptic quality.

    PQ = Σ IoU of matched pairs / (pairs + ½ segments without a thing + ½ things without a segment)

(Kirillov et al., Panoptic Segmentation, CVPR 2019). A segment and a thing match if their IoU is
above ½, which gives each at most one partner. Things and segments are those of the whole scene,
not of a photo: the IoU counts the pixels of all photos that have masks, so a segment that is a
thing in one photo and none in the next is no match. Masks need not cover everything, so there is
a lenient measure too, in which a segment most of whose pixels no mask covers is not an extra one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float, Int
from ..io.masks import read_mask
from ..progress import SILENT, Job
from ..rendering import render
from ..scene import Scene, View
from .captures import Thing

MATCH = 0.5  # the IoU of a match, above which it is unique
LEAST = 0.5  # alpha of a pixel that shows something
# Segments drawn at once: 32 channels of a photo of 1600 x 1200 take 250 MB.
CHANNELS = 32


@dataclass(frozen=True)
class Truth:
    """What the pixels of the photos show, as numbers of things; −1 where no mask says."""

    names: tuple[str, ...]
    views: tuple[View, ...]
    maps: tuple[Int[Array, "H W"], ...]


@dataclass(frozen=True)
class Quality:
    """The panoptic quality of one division of one scene, 0..1."""

    names: tuple[str, ...]
    segments: int  # of the division, whether or not a photo shows them
    ious: Float[Array, " T"]  # of each thing with its best segment
    extra: int  # segments that are no thing, among those that mostly show things
    unnamed: int  # segments that mostly show what no mask covers

    @property
    def matched(self) -> int:
        """How many things have a segment."""
        return int((self.ious > MATCH).sum())

    @property
    def pq(self) -> float:
        """With every segment that is no thing counted as an extra one."""
        return self._quality(self.segments - self.matched)

    @property
    def lenient(self) -> float:
        """With segments of what no mask covers left out."""
        return self._quality(self.extra)

    def _quality(self, extra: int) -> float:
        missed = len(self.ious) - self.matched
        total = self.matched + (extra + missed) / 2
        return float(self.ious[self.ious > MATCH].sum()) / total if total else 1.0


def truth_of(scene: Scene, things: Sequence[Thing]) -> Truth:
    """The masks of things as one map per photo. A thing without a mask of a photo is not in it."""
    names = sorted({name for thing in things for name in thing.masks})
    views = tuple(scene.view(name) for name in names)
    maps = []
    for view, name in zip(views, names, strict=True):
        found = np.full((view.camera.height, view.camera.width), -1, np.int32)
        for number, thing in enumerate(things):
            if name in thing.masks:
                found[read_mask(thing.masks[name], view) > 0.5] = number
        maps.append(found)
    return Truth(tuple(thing.name for thing in things), views, tuple(maps))


def shown(
    scene: Scene, view: View, labels: Int[Array, " N"], *, job: Job = SILENT
) -> Int[Array, "H W"]:
    """The segment that each pixel shows most of; −1 where that is none, or nothing is shown."""
    count = int(labels.max(initial=-1)) + 1
    shape = view.camera.height, view.camera.width
    best, found = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
    for start in range(-1, count, CHANNELS):
        numbers = np.arange(start, min(start + CHANNELS, count))
        values = (labels[:, None] == numbers).astype(np.float32)
        image, alpha = render(scene.gaussians, view.camera, values, raster=scene.raster, job=job)
        most = image.max(0)
        better = (most > best) & (alpha > LEAST)
        best[better] = most[better]
        found[better] = numbers[image.argmax(0)[better]]
    return found


def quality(truth: Truth, maps: Sequence[Int[Array, "H W"]], count: int) -> Quality:
    """Compare what the photos show of `count` segments with the truth."""
    things = len(truth.names)
    pairs = np.zeros((things + 1, count + 1), np.int64)  # the last of each is −1
    for right, found in zip(truth.maps, maps, strict=True):
        flat = (right.ravel() % (things + 1)) * (count + 1) + found.ravel() % (count + 1)
        pairs += np.bincount(flat, minlength=pairs.size).reshape(pairs.shape)
    both = pairs[:things, :count]
    total = pairs[:, :count].sum(0)
    ious = both / np.maximum(pairs[:things].sum(1)[:, None] + total - both, 1)
    unnamed = pairs[things, :count] * 2 > total
    alone = ~(ious > MATCH).any(0) if things else np.ones(count, bool)
    best = ious.max(1, initial=0.0)
    hidden = total == 0
    return Quality(
        truth.names,
        count,
        best,
        int((alone & ~unnamed & ~hidden).sum()),
        int((alone & unnamed).sum()),
    )


def as_values(found: Quality) -> Mapping[str, object]:
    """What was measured, as values of JSON."""
    return {
        "pq": found.pq,
        "lenient": found.lenient,
        "segments": found.segments,
        "matched": found.matched,
        "extra": found.extra,
        "unnamed": found.unnamed,
        "things": dict(zip(found.names, found.ious.tolist(), strict=True)),
    }
