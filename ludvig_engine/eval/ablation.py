"""What each number of the segmentation is worth: change one at a time, and measure the selections.

The layout is that of `captures`. Every thing is asked for twice, with the whole mask of the photo
that shows most of it and with one click inside that mask, and judged on the other photos.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..cache.store import Cache
from ..features import Extractor
from ..io.load import load_scene
from ..pipeline import prepare
from ..progress import SILENT, Job
from ..segmentation import painting
from ..segmentation.paint import Paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import segment
from ..segmentation.settings import DEFAULT_SETTINGS, Settings
from ..stages import EVALUATE
from . import captures, metrics
from .datasets import splats_of

# Each number's other values: mostly a half and the double, where that means something.
CHANGES: Mapping[str, Sequence[Any]] = {
    "bandwidth": (2.0, 8.0),
    "place": (0.0, 0.8, 3.2),
    "first_C": (0.5, 50.0),
    "round_C": (0.05, 5.0),
    "last_C": (0.5, 50.0),
    "background": (0.1, 1.0),
    "clear": (0.0, 0.2),
    "prior": (0.03, 0.3),
    "first": (0.01, 1.0),
    "trust": (3.0, 300.0),
    "kept": (0.0, 2.0),
    "last_steps": (0, 32),
    "rounds": (1, 2, 6),
    "fewest": (2, 5000),
    "narrower": ((), (0.2, 0.8)),
    "extent": (0.0, 1.0),
    "doubt": (0.0, 0.3),
    "concave": (0.0, 10.0),
    "compact": (0.0, 0.6),
    "usual": (0.01, 0.2),
    "unusual": (1.5, 10.0),
    "votes": (0.0, 6.0),
    "most": (0.02, 0.95),
    "careful": (0.3, 1.0),
    "middle": (4.0, 24.0),
    "clear_group": (0.1, 1.0),
    "rim": (0.0, 1.0),
    "pull": (0.03, 3.0),
    "seen_clearly": (0.1, 1.0),
    "pure": (0.8, 0.99),
    "unseen": (0.3, 0.5),
    "border": (3.0, 20.0),
    "unseen_prior": (0.05, 1.0),
}


@dataclass(frozen=True)
class Row:
    """Mean IoU in percent over all things, with one number changed."""

    name: str  # of the number; "" for the settings as they are
    value: Any  # of whatever type the number has
    mask: float
    click: float


@dataclass(frozen=True)
class _Case:
    """One thing, its two prompts, and the photos it is judged by."""

    prepared: Prepared
    judge: captures.Judge
    mask: Sequence[Paint]
    click: Sequence[Paint]

    def score(self, paints: Sequence[Paint], settings: Settings) -> float:
        return self.judge(segment(self.prepared, paints, settings=settings).selected)


def table(
    things: Sequence[captures.Thing],
    extractor: Extractor,
    *,
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> list[Row]:
    """The settings as they are, then each change of each number."""
    cases = list(_cases(things, extractor, max_size, cache, job))
    changes: list[tuple[str, Any]] = [("", "")]
    changes += [(name, value) for name, values in CHANGES.items() for value in values]
    rows = []
    for name, value in job.track(changes, EVALUATE):
        settings = replace(DEFAULT_SETTINGS, **{name: value}) if name else DEFAULT_SETTINGS
        mask = metrics.mean(case.score(case.mask, settings) for case in cases)
        click = metrics.mean(case.score(case.click, settings) for case in cases)
        rows.append(Row(name, value, mask, click))
    return rows


def _cases(
    things: Sequence[captures.Thing],
    extractor: Extractor,
    max_size: int,
    cache: Cache | None,
    job: Job,
) -> Iterator[_Case]:
    for place in dict.fromkeys(thing.place for thing in things):
        scene = load_scene(splats_of(place), views=place, max_size=max_size)
        prepared = prepare(scene, extractor, cache=cache, job=job)
        for thing in (thing for thing in things if thing.place == place):
            view, mask, rest = captures.prompted(scene, thing)
            yield _Case(
                prepared,
                captures.judge_of(scene, rest),
                [painting.mask(view.camera, mask)],
                captures.clicks(view, mask, 1, 0, seed=0),
            )
