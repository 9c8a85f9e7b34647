"""Divide captures into segments, and measure the panoptic quality at several details.

The layout is that of `captures`; masks of everything, supports such as tables included, make the
measure fair: without them a table is an extra segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..cache.store import Cache
from ..features import Extractor
from ..io.load import load_scene
from ..pictures.fitted import fitted
from ..pipeline import prepare
from ..progress import SILENT, Job
from ..segmentation.automatic import divide
from ..stages import EVALUATE
from . import metrics
from .captures import Thing
from .datasets import splats_of
from .panoptic import Quality, as_values, quality, shown, truth_of

USUAL = 0.5  # the default detail
DETAILS = (0.0, 0.25, 0.4, USUAL, 0.6, 0.75, 1.0)


def run(
    things: Sequence[Thing],
    extractor: Extractor,
    *,
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> dict[str, dict[float, Quality]]:
    """The quality of every capture, by its folder's name and by detail."""
    found = {}
    for place in job.track(list(dict.fromkeys(thing.place for thing in things)), EVALUATE):
        scene = load_scene(splats_of(place), views=place, max_size=max_size)
        scene = fitted(scene, job=job)
        prepared = prepare(scene, extractor, cache=cache, job=job)
        hierarchy = divide(prepared, job=job)
        truth = truth_of(scene, [thing for thing in things if thing.place == place])
        rows = {}
        for detail in DETAILS:
            labels, count = hierarchy.cut(detail)
            maps = [shown(scene, view, labels, job=job) for view in truth.views]
            rows[detail] = quality(truth, maps, count)
        found[place.name] = rows
    return found


def as_json(rows: Mapping[str, Mapping[float, Quality]]) -> dict[str, object]:
    """The values of JSON: the mean over the scenes by detail, and everything by scene."""
    details = {f"{detail:g}": detail for detail in DETAILS}
    return {
        "pq": {
            name: metrics.mean(row[detail].pq for row in rows.values())
            for name, detail in details.items()
        },
        "lenient": {
            name: metrics.mean(row[detail].lenient for row in rows.values())
            for name, detail in details.items()
        },
        "scenes": {
            scene: {name: as_values(row[detail]) for name, detail in details.items()}
            for scene, row in rows.items()
        },
    }
