"""From clicks and boxes to a segment by way of a SAM: its masks take the place of what clicks mean.

1. The clicks and the box of the first picture go to the SAM together. Its masks are lifted, and
   what their picture does not show follows the nested groups, as for any mask (completing.py). They
   are the readings: a part, the object, the whole.
2. Each other picture has masks of its own. If its clicks are on what a reading has found, the mask
   that agrees best with the reading joins its evidence. Otherwise, they mean another thing, which
   is added.
   If nobody pointed at a second picture, the SAM is shown one from another side, with a box around
   what the reading that is rated best has found (elsewhere.py). If a mask there agrees with it, it
   takes that evidence, too; otherwise a note says so.
3. Then clicks are corrections, as they are without a SAM (strokes.py): what a click touches is in
   or out as it says, whatever the SAM made of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..progress import SILENT, Job
from ..scene.raster import Raster
from ..segmentation import segment as rules
from ..segmentation.completing import clearly, completed
from ..segmentation.paint import Paint
from ..segmentation.painting import Evidence, mask
from ..segmentation.prepared import Prepared
from ..segmentation.readings import Ladder
from ..segmentation.segment import DEFAULT, Options, Segment
from ..segmentation.self_training import THRESHOLD
from ..segmentation.settings import DEFAULT_SETTINGS
from ..segmentation.trail import recent, strokes_of
from .elsewhere import elsewhere
from .looks import Looks, Picture
from .proposing import Mark, Pointed, Proposal, best, masks_of, proposed, together
from .segmenter import Segmenter

# IoU of a box's mask and a reading, in the box's picture, above which both are the same thing.
SAME = 0.5
# The same, above which the mask of another side is evidence that nobody has asked for. The halves
# of a thing that two pictures show agree by about .5. With exact masks of the shipped scene, one
# click on each of 7 things in 3 photos finds .984 without such evidence, and .994 with it, whether
# this is .5 or .75.
SURE = 0.75
# Proposals that are kept: 16 MB each for a million splats.
KEPT = 4


def segment(
    prepared: Prepared,
    segmenter: Segmenter,
    marks: Sequence[Mark],
    paints: Sequence[Paint] = (),
    *,
    placed: Evidence | None = None,
    options: Options = DEFAULT,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """Find the object of the `marks`. `paints` and `placed` are the prompts that a SAM cannot take.

    `Segment.readings` has the SAM's masks, in steps from the one it rates best. Raises
    `EngineError` "bad_input" if the SAM finds nothing, or if no prompt shows a Gaussian.
    """
    clicks = [mark.paint for mark in marks if mark.paint is not None]
    told: dict[str, Any] = {"placed": placed, "options": options, "raster": raster, "job": job}
    pointed = [one for one in together(marks) if one.hopeful]
    if not pointed:
        return rules.segment(prepared, [*paints, *clicks], **told)
    looks = Looks.of(prepared, segmenter, job)
    steps = _Steps(prepared, looks, options, raster or prepared.raster, job)
    return rules.segment(
        prepared, [*paints, *clicks], propose=lambda areas: steps.ladder(pointed, areas), **told
    )


def best_masks(
    prepared: Prepared, segmenter: Segmenter, marks: Sequence[Mark], *, job: Job = SILENT
) -> list[Paint]:
    """The mask that the SAM rates best, for each picture with positive marks."""
    looks = Looks.of(prepared, segmenter, job)
    found = []
    for pointed in together(marks):
        if pointed.hopeful:
            masks, scores, valid = masks_of(looks, pointed, job)
            chosen = masks[best(masks, scores, pointed)] & valid
            picture = pointed.picture
            found.append(replace(mask(picture.camera, chosen), visible=picture.visible))
    return found


@dataclass(frozen=True)
class _Reading:
    """One reading while pictures are joined: its evidence, and other things that belong to it."""

    weights: Float[Array, " N"]
    positive: Float[Array, " N"]
    others: Bool[Array, " N"]
    selected: Bool[Array, " N"]


def agreement(reading: _Reading, proposal: Proposal) -> tuple[float, int]:
    """The IoU of a reading and the mask that agrees best, in the mask's picture; and that mask."""
    weights, shares = proposal.weights, proposal.shares
    inside = reading.selected.astype(np.float32)
    both = shares @ (weights * inside)
    either = shares @ weights + float(weights @ inside) - both
    values = both / np.maximum(either, 1e-12)
    return float(values.max()), int(values.argmax())


@dataclass(frozen=True)
class _Steps:
    """What every step needs."""

    prepared: Prepared
    looks: Looks
    options: Options
    raster: Raster
    job: Job

    def ladder(self, pointed: Sequence[Pointed], areas: Evidence) -> Ladder:
        """What the object may be."""
        first, *others = map(self.proposal, pointed)
        if not (first.weights @ first.shares.max(0)) > 0:
            raise EngineError(
                "bad_input",
                "What the SAM finds at your prompts shows no splats.",
                ["Click on a part of the object that the splats show."],
            )
        nothing = np.zeros(len(areas.total), bool)
        readings = []
        for share in first.shares:
            weights, positive = first.weights + areas.total, first.weights * share + areas.positive
            selected = self.spread(weights, positive)
            readings.append(_Reading(weights, positive, nothing, selected))
        for one, proposal in zip(pointed[1:], others, strict=True):
            readings = [self.joined(reading, one, proposal) for reading in readings]
        # Photos show what the user has hidden.
        if not others and pointed[0].picture.visible is None:
            readings = self.checked(readings, first.best, pointed[0].picture)
        return self.nested([reading.selected for reading in readings], first.best)

    def proposal(self, pointed: Pointed) -> Proposal:
        """What the SAM proposes for one picture."""
        kept: OrderedDict[bytes, Proposal] = self.looks.proposals

        def make() -> Proposal:
            return proposed(self.prepared, self.looks, pointed, raster=self.raster, job=self.job)

        return recent(kept, pointed.key + repr(self.raster).encode(), make, KEPT)

    def spread(
        self, weights: Float[Array, " N"], positive: Float[Array, " N"]
    ) -> Bool[Array, " N"]:
        """What masks show, and what follows from that elsewhere.

        Of small parts, what follows may contradict the masks; then they show what is selected.
        """
        settings = DEFAULT_SETTINGS
        share = np.divide(positive, weights, out=np.zeros_like(positive), where=weights > 0)
        bandwidth = self.options.bandwidth or settings.bandwidth
        seen = clearly(weights, settings)
        scores = completed(
            *(self.prepared, seen, share),
            bandwidth=bandwidth if self.options.diffusion else None,
            prior=self.options.prior,
            settings=settings,
            job=self.job,
        )
        selected = scores > THRESHOLD
        if positive @ selected < 0.5 * positive.sum():
            selected |= (share > 0.5) & (seen > 0.5)
        return selected

    def checked(self, readings: list[_Reading], best: int, picture: Picture) -> list[_Reading]:
        """The readings after a look at the one that is rated best from another side."""
        selected = readings[best].selected
        other = elsewhere(self.prepared, self.looks, selected, picture.camera, job=self.job)
        if other is None:
            return readings
        try:
            proposal = self.proposal(other)
        except EngineError as error:
            if error.kind != "bad_input":  # it finds nothing there
                raise
            agreed = 0.0
        else:
            agreed, chosen = agreement(readings[best], proposal)
            if agreed > SURE:
                # Its box is around this reading, so its masks say little of the others.
                readings[best] = self.added(readings[best], proposal, chosen)
        if agreed <= SAME:
            name = self.looks.segmenter.name
            self.job.note(
                f"From another side, {name} sees another thing: it has {agreed:.0%} in common with "
                "what is selected. Click there too if that is wrong."
            )
        return readings

    def added(self, reading: _Reading, proposal: Proposal, chosen: int) -> _Reading:
        """A reading with the evidence of one mask more."""
        total = reading.weights + proposal.weights
        positive = reading.positive + proposal.weights * proposal.shares[chosen]
        selected = self.spread(total, positive) | reading.others
        return _Reading(total, positive, reading.others, selected)

    def joined(self, reading: _Reading, pointed: Pointed, proposal: Proposal) -> _Reading:
        """A reading after another picture."""
        value, chosen = agreement(reading, proposal)
        if self.holds(reading.selected, pointed, value):
            return self.added(reading, proposal, chosen)
        weights, share = proposal.weights, proposal.shares[proposal.best]
        others = reading.others | self.spread(weights, weights * share)
        return replace(reading, others=others, selected=reading.selected | others)

    def holds(self, selected: Bool[Array, " N"], pointed: Pointed, agreed: float) -> bool:
        """Whether the prompts of a picture are on what is selected already."""
        paints = [mark.paint for mark in pointed.clicks if mark.positive and mark.paint]
        if not paints:
            return agreed > SAME
        strokes = strokes_of(self.prepared, paints, raster=self.raster, job=self.job)
        return bool(np.mean([stroke.held(selected) for stroke in strokes] or [0.0]) > 0.5)

    def nested(self, found: Sequence[Bool[Array, " N"]], best: int) -> Ladder:
        """The selections, from part to whole, as readings: masks are nested but for their borders.

        `best` is the number of the one that is kept as it is.
        """
        chain = list(found)
        for n in range(best + 1, len(chain)):
            chain[n] = chain[n] | chain[n - 1]
        for n in range(best - 1, -1, -1):
            chain[n] = chain[n] & chain[n + 1]
        groups = [(one, -abs(n - best)) for n, one in enumerate(chain)]
        visible = self.prepared.visible
        ladder = Ladder.of(np.arange(len(visible)), chain[best], groups, visible)
        return replace(ladder, groups={n: one for n, one in ladder.groups.items() if one.any()})
