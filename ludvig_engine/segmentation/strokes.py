"""Clicks and strokes, one after the other: each corrects what the ones before have found.

1. The first stroke is read as the nested group around it that it most likely means (meaning.py).
   What is learned from the stroke (self_training.py) speaks for the groups that it is nearly, and
   is taken if it is the group: its borders are finer.
2. A stroke that the selection already agrees with changes nothing.
3. A stroke in the middle of no group moves the border: the scores diffuse from the strokes against
   the selection, and little more is changed than suffices. So does one on the border of the
   selection if most of the group is elsewhere or out of sight.
4. Any other stroke adds, or takes away, the group around it that it most likely means. Groups that
   hold a stroke of the other kind are never taken.
5. What a group holds is known only where its picture shows it: a crate's back may have been taken
   with the wall. So what no stroke's picture shows follows the nested groups around what they show
   (completing.py). What is learned from the first stroke is of the whole thing, and stays as it is.

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
from ..graph.flood import connected
from ..graph.walk import STEPS
from ..progress import SILENT, Job
from ..scene.raster import Raster
from .coarse import Coarse
from .completing import clearly, completed
from .meaning import Meaning, around
from .nesting import Nesting
from .paint import Paint, key_of
from .painting import Evidence
from .picture import Picture
from .prepared import Prepared
from .readings import Ladder, Readings, offered
from .self_training import THRESHOLD, Part, SelfTraining
from .settings import Settings
from .stroke import Stroke
from .trail import KEPT, Trail, recent, small_view

# IoU of the group that a click means and what is learned from the click above which the latter is
# taken, because its border is finer, and above which what is learned speaks for the group.
SAME, NEARLY = 0.9, 0.8
# Groups that one stroke may flip: a long one crosses several.
FLIPS = 8
# How far a border moves: 1 just enough for the click, 0 as far as diffusion carries it. On the
# tuning scenes, ten clicks reach .869, .873 and .875 at 1, 0.75 and 0.5, and 1.1, 1.5 and 2.4 % of
# the corrections are harmful.
EAGER = 0.75
# A stroke that is close to the border of the selection means a group only if that changes at most
# so many times as much as it changes around the stroke in its picture. With no limit, 3 % of the
# corrections do harm: a rim takes half of a vase. If such strokes mean no group, NoC@85
# is .4 higher.
HIDDEN = 3.0
# The least score of what is selected.
INSIDE = np.float32(0.501)


def corrected(
    prepared: Prepared,
    strokes: Sequence[Stroke],
    before: Bool[Array, " N"] | Ladder | None,
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

    `before` is what was selected before them, or the readings there are of that; then there may be
    no strokes. None: nothing, and the first positive stroke is read as the object, `reading` steps
    towards the whole of what it is most likely a part of.
    """
    if before is None:
        first = next(n for n, stroke in enumerate(strokes) if stroke.positive)
        strokes = [strokes[first], *strokes[:first], *strokes[first + 1 :]]
    coarse = prepared.coarse(settings.bandwidth, share=settings.place, job=job)
    nesting = prepared.nesting(settings, job=job)
    steps = _Steps(prepared, coarse, nesting, bandwidth, prior, diffusion, settings, raster, job)
    trail = Trail.of(prepared, job)
    about = repr((bandwidth, prior, diffusion, settings, raster)).encode()
    start = hashlib.blake2b(about + (before.key if isinstance(before, Ladder) else b""))
    if isinstance(before, Ladder):
        ladder = before
    elif before is None:
        ladder = trail.ladder((start.digest(), strokes[0].key), lambda: steps.first(strokes[0]))
    else:
        start.update(np.packbits(before).tobytes())
        ladder = Ladder(coarse.labels, before, {})
    # The reading in which each stroke found the selection; the first one found the best guess.
    met = [0, *(ladder.nearest(_shown(stroke, reading)) for stroke in strokes[1:])]
    keys = (
        start.digest(),
        *(stroke.key + bytes([128 + at]) for stroke, at in zip(strokes, met, strict=False)),
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
        meaning, picture = self._around([stroke], nothing)
        if not meaning.groups:
            return Ladder(labels, nothing, {})
        training = self._training(stroke)
        parts = training.readings()
        votes = self._votes(meaning.groups, parts)
        worth = meaning.expected(self.settings, meaning.usual(self.settings) + votes)
        likeliest = meaning.groups[int(worth.argmax())]
        same = [one for one in parts if self._alike(one[0].inside, likeliest) > SAME]
        if same:
            answer = training.refined(max(same, key=lambda one: one[1])[0])
            guess = answer.scores > answer.threshold
        else:
            guess = self.completed([stroke], self.after([stroke], likeliest[labels]))
        guess = self.after([stroke], guess)
        if picture.alone:
            worth[-1] = np.inf  # with nothing around it, all of it is always offered
        groups = list(zip(meaning.groups, worth, strict=True))
        return Ladder.of(labels, guess, groups, self.prepared.visible)

    def after(self, strokes: Sequence[Stroke], selected: Bool[Array, " N"]) -> Bool[Array, " N"]:
        """The selection after the last of these strokes."""
        stroke = strokes[-1]
        for _ in range(FLIPS):
            if stroke.held(selected) >= stroke.needed:
                return selected
            meaning, picture = self._around(strokes, selected)
            beside = picture.beside(self.settings.rim)
            group = meaning.clear(self.settings, hidden=HIDDEN if beside else np.inf)
            if group is None:
                break
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
            view = small_view(self.prepared, paint, raster=self.raster, job=self.job)
            return (255 * clearly(view.surface, self.settings)).astype(np.uint8)

        return recent(known, name, look, KEPT)

    def _training(self, stroke: Stroke) -> SelfTraining:
        nothing = np.zeros(len(self.coarse.labels), np.float32)
        positive = nothing.copy()
        positive[stroke.rows] = stroke.weights
        walk = self.prepared.walk(self.bandwidth, job=self.job) if self.diffusion else None
        return SelfTraining(
            *(self.coarse, walk, Evidence(positive, nothing, nothing)),
            prior=self.prior,
            settings=self.settings,
            job=self.job,
        )

    def _votes(
        self, groups: Sequence[Bool[Array, " S"]], parts: Sequence[tuple[Part, float]]
    ) -> Float[Array, " K"]:
        """How much speaks for groups that what is learned from different starts is nearly the same.

        Where all starts end in the same, and that stands out, it is rarely wrong.
        """
        likely = [max(value, 0.0) for _, value in parts]
        alike = [
            [self._alike(part.inside, group) > NEARLY for part, _ in parts] for group in groups
        ]
        found: Array = self.settings.votes * (np.array(alike) * likely).mean(1)
        return found

    def _alike(self, one: Bool[Array, " S"], other: Bool[Array, " S"]) -> float:
        """IoU of what the photos show of both."""
        mass = self.nesting.mass[: self.nesting.count]
        return float(mass[one & other].sum() / max(float(mass[one | other].sum()), 1e-12))

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
        changed = (after != before) & (after == stroke.positive)
        there = self.job.aside(lambda: connected(self.prepared.graph, changed, stroke.rows))
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

    def _around(
        self, strokes: Sequence[Stroke], selected: Bool[Array, " N"]
    ) -> tuple[Meaning, Picture]:
        return around(
            *(self.prepared, strokes, selected),
            coarse=self.coarse,
            nesting=self.nesting,
            settings=self.settings,
            raster=self.raster,
            job=self.job,
        )
