"""Run the protocol of clicks.py over captures, and say what could be reached at best.

The layout is that of `captures`. The ceiling lifts the masks of all photos: no selection of these
Gaussians can be expected to agree much better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool
from ..cache.store import Cache
from ..features import Extractor
from ..io.load import load_scene
from ..pictures.draw import share
from ..pictures.fitted import fitted
from ..pipeline import prepare
from ..progress import SILENT, Job
from ..scene import Scene, View
from ..segmentation import painting
from ..stages import EVALUATE
from . import captures, metrics
from .answers import OURS, from_clicks, from_masks
from .clicks import MOST, Answer, Session, corrected, summary
from .datasets import splats_of
from .lifting import lifted


@dataclass(frozen=True)
class Tried:
    """One thing, asked for in every way. IoUs are 0..1: means over the photos not clicked in."""

    name: str  # "capture: thing"
    scene: Scene
    view: View  # the one that was clicked in
    mask: Bool[Array, "H W"]  # of the thing there
    ceiling: float
    by_mask: Mapping[str, float]  # the mask of the view as the prompt, by the name of the way
    sessions: Mapping[str, Session]  # clicks, by the name of the way

    @property
    def ours(self) -> Session:
        return self.sessions[OURS]


def run(
    things: Sequence[captures.Thing],
    extractor: Extractor,
    *,
    beside: bool = False,
    most: int = MOST,
    max_size: int = 1600,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> list[Tried]:
    """Ask for every thing by clicks; with `beside`, also in the other ways of answers.py."""
    found = []
    for place in dict.fromkeys(thing.place for thing in things):
        scene = load_scene(splats_of(place), views=place, max_size=max_size)
        scene = fitted(scene, job=job)
        prepared = prepare(scene, extractor, cache=cache, job=job)
        by_clicks, by_mask = from_clicks(prepared, job=job), from_masks(prepared, job=job)
        if not beside:
            by_clicks, by_mask = ({OURS: ways[OURS]} for ways in (by_clicks, by_mask))
        for thing in job.track([one for one in things if one.place == place], EVALUATE):
            found.append(_tried(scene, thing, by_clicks, by_mask, most, job))
    return found


def _tried(
    scene: Scene,
    thing: captures.Thing,
    by_clicks: Mapping[str, Answer],
    by_mask: Mapping[str, Answer],
    most: int,
    job: Job,
) -> Tried:
    view, mask, rest = captures.prompted(scene, thing)
    others = [(scene.view(name), truth) for name, truth in rest.items()]
    draw = drawing(scene)
    prompt = [painting.mask(view.camera, mask)]

    def judged(selected: Bool[Array, " N"]) -> float:
        return metrics.mean(metrics.iou(draw(other, selected), truth) for other, truth in others)

    sessions = {
        name: Session(
            thing.name,
            list(corrected(view, mask, others, answer, draw, most=most, job=job)),
        )
        for name, answer in by_clicks.items()
    }
    return Tried(
        f"{thing.place.name}: {thing.name}",
        scene,
        view,
        mask,
        judged(lifted(scene, [(view, mask), *others], job=job)),
        {way: judged(answer(prompt)) for way, answer in by_mask.items()},
        sessions,
    )


def drawing(scene: Scene) -> Callable[[View, Bool[Array, " N"]], Bool[Array, "H W"]]:
    """The function that draws what a view shows of a selection."""

    def draw(view: View, selected: Bool[Array, " N"]) -> Bool[Array, "H W"]:
        values = selected.astype(np.float32)
        return share(scene.gaussians, view.camera, values, raster=scene.raster) > 0.5

    return draw


def means(tried: Sequence[Tried]) -> dict[str, object]:
    """The mean IoUs of the ceiling and of masks, in percent."""
    ways = tried[0].by_mask if tried else ()
    return {
        "ceiling": 100 * metrics.mean(one.ceiling for one in tried),
        "mask": {way: 100 * metrics.mean(one.by_mask[way] for one in tried) for way in ways},
    }


def summaries(tried: Sequence[Tried]) -> dict[str, dict[str, float]]:
    """The measures of `clicks.summary` over all things, by way."""
    return {
        way: summary([one.sessions[way] for one in tried])
        for way in (tried[0].sessions if tried else ())
    }


def as_json(tried: Sequence[Tried]) -> dict[str, object]:
    """Everything that was measured, as values of JSON: per thing, way and click, and in all."""
    rows = {
        one.name: {
            "view": one.view.name,
            "ceiling": one.ceiling,
            "mask": one.by_mask,
            "clicks": {
                way: [
                    {
                        "x": click.x,
                        "y": click.y,
                        "positive": click.positive,
                        "iou": click.iou,
                        "boundary": click.boundary,
                    }
                    for click in session.clicks
                ]
                for way, session in one.sessions.items()
            },
        }
        for one in tried
    }
    return {**means(tried), "clicks": summaries(tried), "things": rows}
