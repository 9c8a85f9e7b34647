"""Clicks and strokes, one after the other: each corrects what the ones before have found.

1. The first stroke is read as one of the nested groups around it (nesting.py): one that stays as
   it is while the cost of merging rises, and is about as large as things usually are. If what is
   learned from the stroke (self_training.py) is nearly one of these groups, then it is taken:
   either way has its own mistakes, and they rarely make the same.
2. A stroke that the selection already agrees with changes nothing.
3. A stroke on the border of the selection, or in no clear group, moves the border: the scores
   diffuse from the strokes against the selection, and little more is changed than suffices.
4. Any other stroke adds, or takes away, the group around it that it is deepest in. Groups that hold
   a stroke of the other kind are never taken.
5. What a correction has changed is known only where its picture shows it: a crate's back may have
   been taken with the wall. So what no stroke's picture shows follows the nested groups around what
   they show (labeling.py). The reading of the first stroke is a group already, and stays as it is:
   completed too, the bananas of a real capture lose .06 with some of their clicks, and small
   scenes gain .01.

So what a stroke touches is in or out as it says, and a correction changes the selection near it.
When the user has the first stroke read otherwise (readings.py), corrections stay as they are.
The other way, to learn everything again from all strokes, makes one click in five worse
(docs/segmentation.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float, UInt8
from ..graph.flood import flood
from ..graph.walk import STEPS
from ..progress import SILENT, Job
from ..scene.raster import Raster
from .coarse import Coarse
from .creases import reduced
from .labeling import clearly, completed
from .nesting import Nesting
from .paint import Paint
from .painting import Evidence, shown, surface
from .picture import Picture
from .prepared import Prepared
from .readings import Group, Ladder, Readings, offered
from .self_training import THRESHOLD, SelfTraining
from .settings import Settings
from .stroke import Stroke
from .trail import KEPT, Trail, key_of, recent

# IoU of a group and what is learned from a click above which both count as the same. On six scenes,
# clicks anywhere in a thing find .05 more with 0.8 than without, and .02 less with 0.9.
SAME = 0.8
# A group that is flipped has at least this share on the side that the stroke says is wrong.
WRONG = 0.3
# Groups smaller than this share of the scene are noise.
LEAST = 0.0003
# Groups that one stroke may flip: a long one crosses several.
FLIPS = 8
# Touched superpoints count if they show half as much of a stroke as the one that shows most.
CLEARLY = 0.5
# How far a border moves: 1 just enough for the click, 0 as far as diffusion carries it. On the
# tuning scenes, ten clicks reach .869, .873 and .875 at 1, 0.75 and 0.5, and 1.1, 1.5 and 2.4 % of
# the corrections are harmful.
EAGER = 0.75
# The least score of what is selected.
INSIDE = np.float32(0.501)


def corrected(
    prepared: Prepared,
    strokes: Sequence[Stroke],
    before: Bool[Array, " N"] | None,
    *,
    bandwidth: float,
    prior: float | None,
    diffusion: bool,
    reading: int,
    settings: Settings,
    raster: Raster,
    job: Job = SILENT,
) -> tuple[Float[Array, " N"], Readings, tuple[str, ...]]:
    """Scores after all strokes, selected above one half, the readings that there are, and notes.

    `before` is what was selected before them; None: nothing, and the first positive stroke is read
    as the object, `reading` steps towards the whole of what it is most likely a part of.
    """
    if before is None:
        first = next(n for n, stroke in enumerate(strokes) if stroke.positive)
        strokes = [strokes[first], *strokes[:first], *strokes[first + 1 :]]
    coarse = prepared.coarse(settings.bandwidth, share=settings.place, job=job)
    nesting = prepared.nesting(settings, job=job)
    steps = _Steps(prepared, coarse, nesting, bandwidth, prior, diffusion, settings, raster, job)
    trail = Trail.of(prepared, job)
    about = repr((bandwidth, prior, diffusion, settings, raster)).encode()
    start = hashlib.blake2b(about + (b"" if before is None else np.packbits(before).tobytes()))
    if before is None:
        ladder = trail.ladder((start.digest(), strokes[0].key), lambda: steps.first(strokes[0]))
    else:
        ladder = Ladder(coarse.labels, before, {})
    # The reading in which each stroke found the selection.
    met = [ladder.nearest(_shown(stroke, reading)) for stroke in strokes]
    met[0] = 0
    keys = (
        start.digest(),
        *(stroke.key + bytes([128 + at]) for stroke, at in zip(strokes, met, strict=True)),
    )
    done, fixed = trail.after(keys)
    if fixed is None:
        done, fixed = 2 if before is None else 1, np.zeros(len(coarse.labels), np.int8)
    for count in range(done, len(keys)):
        job.check()
        selected = ladder.read(met[count - 1], fixed)
        after = steps.after(strokes[:count], selected)
        if before is None and (after != selected).any():
            after = steps.completed(strokes[:count], after)
        fixed = np.where(after == selected, fixed, np.where(after, 1, -1)).astype(np.int8)
        trail.keep(keys[: count + 1], fixed)
    selected = ladder.read(met[-1], fixed)
    found = offered(ladder, fixed, met[-1], reading, _followed(strokes, selected))
    selected = found.selected
    scores = steps.pulled(strokes, selected, most=settings.last_steps)
    # Soft at the borders, for the threshold and the heat map; what is selected stays selected.
    sides = np.maximum(scores, INSIDE), np.minimum(scores, np.float32(0.5))
    notes = (*found.notes, *_contradictions(strokes, selected))
    return np.where(selected, *sides), found, notes


def _shown(stroke: Stroke, reading: int) -> int:
    return reading if stroke.paint.reading is None else stroke.paint.reading


def _followed(
    strokes: Sequence[Stroke], selected: Bool[Array, " N"]
) -> Callable[[Bool[Array, " N"]], bool]:
    """Whether another selection follows all strokes that this one follows."""
    least = [min(stroke.held(selected), stroke.needed) for stroke in strokes]
    return lambda other: all(
        stroke.held(other) >= share for stroke, share in zip(strokes, least, strict=True)
    )


def _contradictions(strokes: Sequence[Stroke], selected: Bool[Array, " N"]) -> tuple[str, ...]:
    lost = [
        stroke
        for number, stroke in enumerate(strokes)
        if stroke.held(selected) < 0.5 and any(map(stroke.opposes, strokes[number + 1 :]))
    ]
    if not lost:
        return ()
    count = "One prompt is" if len(lost) == 1 else f"{len(lost)} prompts are"
    return (
        f"{count} not followed, because a later prompt says the opposite of the same splats. "
        "Take back the one that is wrong.",
    )


def _forced(stroke: Stroke, selected: Bool[Array, " N"]) -> Bool[Array, " N"]:
    """The selection in which most of what the stroke shows is as it says, and no more."""
    order = np.argsort(-stroke.weights)
    sure = np.cumsum(stroke.weights[order]) - stroke.weights[order] <= 0.5 * stroke.weights.sum()
    wanted = selected.copy()
    wanted[stroke.rows[order[sure]]] = stroke.positive
    return wanted if stroke.held(selected) < 0.5 else selected


@dataclass(frozen=True)
class _Steps:
    """What every step needs."""

    prepared: Prepared
    coarse: Coarse
    nesting: Nesting
    bandwidth: float
    prior: float | None
    diffusion: bool
    settings: Settings
    raster: Raster
    job: Job

    def first(self, stroke: Stroke) -> Ladder:
        """What the first stroke may mean, and most likely does."""
        labels = self.coarse.labels
        nothing = np.zeros(len(labels), bool)
        groups = self._groups([stroke], nothing, first=True)
        if not groups:
            return Ladder(labels, nothing, {})
        learned = self._learned(stroke, groups)
        likeliest = max(groups, key=lambda one: one[1])[0]
        guess = self.after([stroke], likeliest[labels] if learned is None else learned)
        return Ladder.of(labels, guess, groups, self.prepared.visible)

    def after(self, strokes: Sequence[Stroke], selected: Bool[Array, " N"]) -> Bool[Array, " N"]:
        """The selection after the last of these strokes."""
        stroke = strokes[-1]
        for _ in range(FLIPS):
            if stroke.held(selected) >= stroke.needed:
                return selected
            groups = self._groups(strokes, selected, first=False)
            if not groups:
                break
            group = max(groups, key=lambda one: one[1])[0]
            flipped = np.where(group[self.coarse.labels], stroke.positive, selected)
            if (flipped == selected).all():
                break
            selected = flipped
        return self._moved(strokes, selected)

    def completed(
        self, strokes: Sequence[Stroke], selected: Bool[Array, " N"]
    ) -> Bool[Array, " N"]:
        """The selection where the strokes' pictures show it, and what follows from that elsewhere.

        What strokes touch stays as they have made it.
        """
        seen = np.maximum.reduce([self._seen(stroke.paint) for stroke in strokes])
        scores = completed(
            *(self.prepared, seen / np.float32(255), selected.astype(np.float32)),
            bandwidth=self.bandwidth if self.diffusion else None,
            settings=self.settings,
            job=self.job,
        )
        found = scores > THRESHOLD
        for stroke in strokes:
            if stroke.held(found) < min(stroke.held(selected), stroke.needed):
                found[stroke.rows] = selected[stroke.rows]
        return found

    def _seen(self, paint: Paint) -> UInt8[Array, " N"]:
        """How clearly the paint's camera sees each Gaussian."""
        known = Trail.of(self.prepared, self.job).seen
        name = key_of(paint.camera, (paint.visible,), (self.raster, self.settings.seen_clearly))

        def look() -> UInt8[Array, " N"]:
            gaussians = shown(self.prepared.gaussians, paint.visible)
            pixels = surface(gaussians, reduced(paint.camera), raster=self.raster, job=self.job)
            return (255 * clearly(pixels, self.settings)).astype(np.uint8)

        return recent(known, name, look, KEPT)

    def _learned(self, stroke: Stroke, groups: Sequence[Group]) -> Bool[Array, " N"] | None:
        """What is learned from a stroke, if it is nearly one of the groups."""
        coarse = self.coarse
        nothing = np.zeros(len(coarse.labels), np.float32)
        positive = nothing.copy()
        positive[stroke.rows] = stroke.weights
        walk = self.prepared.walk(self.bandwidth, job=self.job) if self.diffusion else None
        evidence = Evidence(positive, nothing, nothing)
        training = SelfTraining(
            *(coarse, walk, evidence),
            prior=self.prior,
            settings=self.settings,
            job=self.job,
        )
        mass = self.nesting.mass[: self.nesting.count]
        best, score = None, -np.inf
        for part, likely in training.readings():
            inside = part.inside
            for group, value in groups:
                both, either = mass[inside & group].sum(), mass[inside | group].sum()
                if both > SAME * either and likely + value > score:
                    best, score = part, likely + value
        if best is None:
            return None
        answer = training.refined(best)
        return answer.scores > answer.threshold

    def _moved(self, strokes: Sequence[Stroke], selected: Bool[Array, " N"]) -> Bool[Array, " N"]:
        """The selection with its border moved as little as the last stroke demands."""
        stroke = strokes[-1]
        if stroke.held(selected) >= stroke.needed:
            return selected
        scores = self.pulled(strokes, selected)
        toward = scores if stroke.positive else 1 - scores
        limit = stroke.limit(toward, selected)
        limit = 0.5 + EAGER * (limit - 0.5)
        if limit > 0.5:
            selected = self._near(stroke, selected, (toward >= limit) == stroke.positive)
        return _forced(stroke, selected)

    def _near(
        self, stroke: Stroke, before: Bool[Array, " N"], after: Bool[Array, " N"]
    ) -> Bool[Array, " N"]:
        """What has changed as the stroke says, and is connected with it.

        Diffusion also smooths the whole selection, which nobody has asked for.
        """
        graph = self.prepared.graph
        changed = (after != before) & (after == stroke.positive)
        begin = np.zeros(len(before), bool)
        begin[stroke.rows] = changed[stroke.rows]
        ends = changed[graph.indices] & np.repeat(changed, np.diff(graph.indptr))
        there = self.job.aside(lambda: flood(graph, ends, begin, hops=len(before))) >= 0
        return np.where(there, stroke.positive, before)

    def pulled(
        self, strokes: Sequence[Stroke], selected: Bool[Array, " N"], *, most: int = STEPS
    ) -> Float[Array, " N"]:
        """Scores that follow the strokes, and elsewhere the selection, in `most` steps at most."""
        unary = selected.astype(np.float32)
        if not self.diffusion:
            return unary
        both = np.zeros((2, len(unary)), np.float32)
        for stroke in strokes:
            peak = max(float(stroke.weights.max()), 1e-12)
            both[int(stroke.positive), stroke.rows] += stroke.weights / peak
        total = both.sum(0)
        share = np.divide(both[1], total, out=np.zeros_like(total), where=total > 0)
        trust = self.settings.trust * np.minimum(total, 1)
        walk = self.prepared.walk(self.bandwidth, job=self.job)
        prior = self.prior or self.settings.pull
        return walk.solve(share, trust, unary, prior=prior, steps=most, job=self.job)

    def _groups(
        self, strokes: Sequence[Stroke], selected: Bool[Array, " N"], *, first: bool
    ) -> list[Group]:
        """The groups of superpoints that the last stroke may mean, and what speaks for each."""
        stroke = strokes[-1]
        settings, nesting = self.settings, self.nesting
        labels = self.coarse.labels
        wrong = selected[stroke.rows] != stroke.positive
        touched = np.bincount(labels[stroke.rows[wrong]], stroke.weights[wrong], nesting.count)
        around = nesting.around(int(touched.argmax()))
        lasting = nesting.lasting(around, settings.growth)
        members = [nesting.members(int(group)) for group in around]
        rank = np.full(nesting.count, len(around), np.float32)
        for number in range(len(around) - 1, -1, -1):
            rank[members[number]] = number
        picture = Picture.of(
            *(self.prepared.gaussians, stroke.paint, rank[labels], selected),
            raster=self.raster,
            job=self.job,
        )
        if not first and picture.beside(settings.rim):
            return []
        against = self._touched([one for one in strokes[:-1] if one.positive != stroke.positive])
        there = picture.selected != stroke.positive  # what the stroke may mean
        visible = self.prepared.visible
        left = np.bincount(labels, visible * (selected != stroke.positive), nesting.count)
        seen = np.bincount(labels, visible, nesting.count)
        found = []
        for number, group in enumerate(around):
            inside, mass = members[number], float(nesting.mass[group])
            if (inside & against).any():
                break
            if not LEAST <= mass <= settings.most:
                continue
            if left[inside].sum() < WRONG * seen[inside].sum():
                continue
            depth = np.log(picture.depth((picture.rank <= number + 0.5) & there))
            value = min(float(lasting[number]), 1.0)
            if first:
                size = np.log(mass / settings.usual) / settings.unusual
                found.append((inside, value + settings.first_depth * depth - size**2))
            elif value + depth > settings.clear_group:
                found.append((inside, value + depth))
        return found

    def _touched(self, strokes: Sequence[Stroke]) -> Bool[Array, " S"]:
        """The superpoints that strokes clearly touch."""
        found = np.zeros(self.nesting.count, bool)
        for stroke in strokes:
            shown = np.bincount(self.coarse.labels[stroke.rows], stroke.weights, self.nesting.count)
            found |= shown >= CLEARLY * shown.max()
        return found
