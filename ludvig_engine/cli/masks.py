"""`ludvig segment --sam`: clicks and boxes go through a SAM first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..progress import Job
from ..rendering import Raster
from ..sam import Segmenter
from ..sam.multiview import SPIN, multiview
from ..sam.prompted import pointing, to_paint
from ..scene import Scene, View
from ..segmentation.agreement import agreement
from ..segmentation.painting import Paint
from ..segmentation.segment import Segment

Click = tuple[
    View, float, float, bool
]  # x, y in pixels of the photo file, and whether on the object
Box = tuple[View, float, float, float, float]  # two corners

_THRESHOLDS = np.linspace(0.05, 0.95, 19)


def of_prompts(segmenter: Segmenter, clicks: Sequence[Click], boxes: Sequence[Box]) -> list[Paint]:
    """A mask per box, with the clicks on its photo, and per photo that has only clicks."""
    on: dict[str, list[Click]] = {}
    for click in clicks:
        on.setdefault(click[0].name, []).append(click)
    prompts = [
        pointing(view, [c[1:] for c in on.pop(view.name, ())], (x0, y0, x1, y1))
        for view, x0, y0, x1, y1 in boxes
    ]
    prompts += [pointing(some[0][0], [c[1:] for c in some]) for some in on.values()]
    return [to_paint(segmenter, prompt) for prompt in prompts]


def all_photos(
    scene: Scene, segmenter: Segmenter, paints: Sequence[Paint], *, raster: Raster, job: Job
) -> Segment:
    """The multi-view scheme; of its three masks and all thresholds what agrees best with the prompts is taken."""
    views = [view for view in scene.views if view.photo is not None]
    scores, weights = multiview(
        scene.gaussians, views, paints, segmenter, scheme=SPIN, raster=raster, job=job
    )
    found = agreement(
        scene.gaussians, scores, paints, thresholds=_THRESHOLDS, raster=raster, job=job
    )
    channel, n = np.unravel_index(np.argmax(found), found.shape)
    return Segment(
        scores[:, channel],
        float(_THRESHOLDS[n]),
        f"found by agreement with the prompts, IoU {found[channel, n]:.2f}",
        {"mask": float(channel)},
        {"agreement": float(found[channel, n]), "seen": float((weights > 0).mean())},
    )
