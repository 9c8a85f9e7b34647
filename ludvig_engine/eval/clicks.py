"""Clicks as an artist corrects with them: how good is the selection after one, two, ten?

In the photo that shows most of a thing, the first click is on the thing's deepest point. Every
further click is on the deepest point of the largest region that the selection has wrong in that
photo: part of the thing where it is missing, not part of it where it is too much. The IoU is the
mean over the other photos, which no click was made in.

This is the protocol of interactive segmentation in images (Sofiiuk et al., RITM, 2021), with the
difference that those measure in the picture that is clicked in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from ..arrays import Array, Bool
from ..errors import EngineError
from ..progress import SILENT, Job
from ..scene import View
from ..segmentation import painting
from ..segmentation.paint import Paint
from . import metrics

MOST = 10  # clicks
# A click that lowers the IoU by more than this is harmful; less is noise of the masks' rims.
HARM = 0.02
LEVELS = (0.80, 0.85, 0.90)

# The selection that prompts give, in the engine's order. Raises `EngineError` "bad_input" if they
# show no Gaussian.
Answer = Callable[[Sequence[Paint]], Bool[Array, " N"]]
# What a view shows of a selection.
Draw = Callable[[View, Bool[Array, " N"]], Bool[Array, "H W"]]


@dataclass(frozen=True)
class Click:
    """A click, and what the photos show after it; measures are 0..1."""

    x: float  # in continuous pixels of the view's camera
    y: float
    positive: bool
    iou: float  # the mean over the photos that nothing was clicked in
    boundary: float  # the same for the boundary IoU
    selected: Bool[Array, " N"]


def corrected(
    view: View,
    mask: Bool[Array, "H W"],
    others: Sequence[tuple[View, Bool[Array, "h w"]]],
    answer: Answer,
    draw: Draw,
    *,
    most: int = MOST,
    job: Job = SILENT,
) -> Iterator[Click]:
    """Click on a thing in `view` until its `mask` there is met, at most `most` times.

    `others` are the views to measure in, with the thing's masks. If the prompts show no Gaussian
    the selection stays as it was.
    """
    paints: list[Paint] = []
    selected: Bool[Array, " N"] | None = None
    shown = np.zeros_like(mask)
    for _ in range(most):
        job.check()
        place = next_click(mask, shown)
        if place is None:
            return
        x, y, positive = place
        paints.append(painting.click(view.camera, x, y, positive=positive))
        selected = _answered(answer, paints, selected)
        if selected is None:
            yield Click(x, y, positive, 0.0, 0.0, np.zeros(0, bool))
            continue
        shown = draw(view, selected)
        pairs = [(draw(other, selected), truth) for other, truth in others]
        iou = metrics.mean(metrics.iou(*pair) for pair in pairs)
        boundary = metrics.mean(metrics.boundary_iou(*pair) for pair in pairs)
        yield Click(x, y, positive, iou, boundary, selected)


def next_click(
    mask: Bool[Array, "H W"], shown: Bool[Array, "H W"]
) -> tuple[float, float, bool] | None:
    """x, y and sign of the click that corrects most, or None if nothing is wrong.

    It is on the deepest point of the largest connected region in which a selection and the mask
    differ. The edge of the image counts as an edge of the region.
    """
    regions = []
    for wrong in (mask & ~shown, shown & ~mask):
        numbered, _ = label(wrong)
        sizes = np.bincount(numbered.ravel())
        sizes[0] = 0
        regions.append((int(sizes.max()), numbered == sizes.argmax()))
    size, largest = max(regions, key=lambda region: region[0])
    if not size:
        return None
    depth = distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column) + 0.5, float(row) + 0.5, bool(mask[row, column])


def _answered(
    answer: Answer, paints: Sequence[Paint], before: Bool[Array, " N"] | None
) -> Bool[Array, " N"] | None:
    try:
        return answer(paints)
    except EngineError as error:
        if error.kind != "bad_input":
            raise
        return before


@dataclass(frozen=True)
class Session:
    """The clicks on one thing. IoUs after its last click stay what they were."""

    thing: str
    clicks: Sequence[Click]

    def iou(self, count: int) -> float:
        """The IoU after so many clicks."""
        return self.clicks[min(count, len(self.clicks)) - 1].iou

    def boundary(self, count: int) -> float:
        """The boundary IoU after so many clicks."""
        return self.clicks[min(count, len(self.clicks)) - 1].boundary

    def needed(self, level: float) -> int | None:
        """How many clicks reach an IoU; None if none does."""
        reached = (n for n, click in enumerate(self.clicks, 1) if click.iou >= level)
        return next(reached, None)

    @property
    def corrections(self) -> list[float]:
        """By how much each click but the first has changed the IoU."""
        return [b.iou - a.iou for a, b in zip(self.clicks, self.clicks[1:], strict=False)]


def summary(sessions: Sequence[Session]) -> dict[str, float]:
    """The measures over all things. IoUs and shares are in percent, NoC in clicks.

    "NoC@85" is the mean number of clicks that an IoU of .85 takes, where things that never reach it
    count as `MOST`; "never@85" is their share. "harmful" is the share of the corrections that lower
    the IoU by more than `HARM`.
    """
    found = {}
    for count in (1, 2, 3, 5, MOST):
        found[f"IoU@{count}"] = 100 * metrics.mean(one.iou(count) for one in sessions)
    for count in (1, MOST):
        found[f"boundary@{count}"] = 100 * metrics.mean(one.boundary(count) for one in sessions)
    for level in LEVELS:
        needed = [one.needed(level) for one in sessions]
        found[f"NoC@{level:.0%}"[:-1]] = metrics.mean(MOST if n is None else n for n in needed)
        found[f"never@{level:.0%}"[:-1]] = 100 * metrics.mean(n is None for n in needed)
    changes = [change for one in sessions for change in one.corrections]
    found["harmful"] = 100 * metrics.mean(change < -HARM for change in changes) if changes else 0.0
    return found
