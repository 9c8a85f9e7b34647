"""What is kept of the prompts that were asked for last: each request repeats those before."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ..arrays import Array, Int, UInt8
from ..progress import SILENT, Job
from ..scene.raster import Raster
from .paint import Paint, key_of, merged
from .painting import Evidence, lift_paint, shown
from .prepared import Prepared
from .readings import Ladder
from .small_view import SmallView
from .stroke import Stroke

K = TypeVar("K")
V = TypeVar("V")

# Answers that are kept, so that the next click goes on from there: 1 MB each for a million splats.
KEPT = 16
PAINTS = 256  # paints whose strokes are kept
VIEWS = 2  # small views that are kept: 31 MB each for a million splats
# Of more weights than this, 256 MB, only the last view is kept: in fog, a pixel has a thousand.
MANY = 32_000_000
AREAS = 4  # masks and boxes whose evidence and segment are kept: 16 MB each for a million splats


@dataclass(frozen=True)
class Areas:
    """What prompts say that also tell how far the object reaches."""

    key: bytes  # the same for the same prompts
    paints: list[Paint]  # one for each picture
    evidence: Evidence


@dataclass
class Trail:
    """What was found for the prompts that were asked for last: each click repeats those before."""

    # What a sequence of strokes has fixed as in (1) or out (-1), beyond the reading of the first.
    known: OrderedDict[tuple[bytes, ...], Int[Array, " N"]] = field(default_factory=OrderedDict)
    # What the first stroke may mean, by the same key as the selection after it.
    ladders: OrderedDict[tuple[bytes, ...], Ladder] = field(default_factory=OrderedDict)
    # The strokes of a paint.
    strokes: OrderedDict[tuple[bytes, Raster], list[Stroke]] = field(default_factory=OrderedDict)
    # How clearly cameras see each Gaussian, in 255ths: a byte each, as for selections.
    seen: OrderedDict[bytes, UInt8[Array, " N"]] = field(default_factory=OrderedDict)
    # What cameras show of the Gaussians.
    views: OrderedDict[bytes, SmallView] = field(default_factory=OrderedDict)
    areas: OrderedDict[bytes, Areas] = field(default_factory=OrderedDict)
    # The segments of areas; `Any`, because segment.py, which makes them, imports this file.
    segments: OrderedDict[tuple[object, ...], Any] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, prepared: Prepared, job: Job) -> Trail:
        """The scene's own."""
        return prepared.keep("trail", lambda _: cls(), job)

    def after(self, keys: tuple[bytes, ...]) -> tuple[int, Int[Array, " N"] | None]:
        """The longest beginning that is known: how many strokes, and what they have fixed."""
        for count in range(len(keys), 0, -1):
            found = self.known.get(keys[:count])
            if found is not None:
                return count, found
        return 0, None

    def keep(self, keys: tuple[bytes, ...], fixed: Int[Array, " N"]) -> None:
        """Keep what strokes have fixed, and forget the oldest."""
        self.known[keys] = fixed
        while len(self.known) > KEPT:
            self.known.popitem(last=False)

    def ladder(self, key: tuple[bytes, ...], make: Callable[[], Ladder]) -> Ladder:
        """The readings of a first stroke, made if they are not known."""
        return recent(self.ladders, key, make, KEPT)

    def segment(self, key: tuple[object, ...], make: Callable[[], V]) -> V:
        """The segment of areas, made if it is not known."""
        return recent(self.segments, key, make, AREAS)


def recent(store: OrderedDict[K, V], key: K, make: Callable[[], V], most: int) -> V:
    """What is stored under a key, made if it is not; the `most` asked for last are kept."""
    if key not in store:
        store[key] = make()
    store.move_to_end(key)
    while len(store) > most:
        store.popitem(last=False)
    return store[key]


def small_view(prepared: Prepared, paint: Paint, *, raster: Raster, job: Job = SILENT) -> SmallView:
    """What the camera of a paint shows, with the splats hidden that were hidden then."""

    def look() -> SmallView:
        gaussians = shown(prepared.gaussians, paint.visible)
        return SmallView.of(gaussians, paint.camera, raster=raster, job=job)

    name = key_of(paint.camera, (paint.visible,), raster)
    known = Trail.of(prepared, job).views
    view = recent(known, name, look, VIEWS)
    if sum(one.weights.nnz for one in known.values()) > MANY:
        recent(known, name, look, 1)
    return view


def strokes_of(
    prepared: Prepared, paints: Sequence[Paint], *, raster: Raster, job: Job = SILENT
) -> list[Stroke]:
    """The colors of all paints, in their order, positive before negative ones.

    Those that touch no Gaussian are left out.
    """
    known = Trail.of(prepared, job).strokes
    found = []
    for paint in paints:
        make = partial(_strokes, prepared, paint, raster, job)
        strokes = recent(known, (paint.key, raster), make, PAINTS)
        found += strokes
    return found


def _strokes(prepared: Prepared, paint: Paint, raster: Raster, job: Job) -> list[Stroke]:
    evidence = lift_paint(prepared.gaussians, [paint], raster=raster, job=job)
    found = []
    for positive, weights in ((True, evidence.positive), (False, evidence.negative)):
        rows = np.flatnonzero(weights)
        if len(rows):
            key = hashlib.blake2b(rows.tobytes() + weights[rows].tobytes() + bytes([positive]))
            found.append(Stroke(paint, positive, rows, weights[rows], key.digest()))
    return found


def areas_of(
    prepared: Prepared,
    paints: Sequence[Paint],
    placed: Evidence | None,
    *,
    raster: Raster,
    job: Job = SILENT,
) -> Areas:
    """What masks, boxes and regions through the scene say, with evidence `placed` in space."""
    content = hashlib.blake2b(repr(([paint.key for paint in paints], raster)).encode())
    for array in (placed.positive, placed.negative, placed.perhaps) if placed else ():
        content.update(np.ascontiguousarray(array).data)
    name = content.digest()

    def lift() -> Areas:
        together = merged(paints)
        evidence = lift_paint(prepared.gaussians, together, raster=raster, job=job)
        return Areas(name, together, evidence if placed is None else evidence + placed)

    return recent(Trail.of(prepared, job).areas, name, lift, AREAS)
